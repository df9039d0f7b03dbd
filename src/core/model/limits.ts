/** What users may send, the same by the API and by the command line. Text is counted in characters, not in UTF-16 units. */
export const NAME_LENGTH_MAX = 200;
export const EMAIL_LENGTH_MAX = 320;
export const REFERENCE_LENGTH_MAX = 200;
export const REASON_LENGTH_MAX = 500;

/** A request body, and an input that the command line reads: 1 MiB. */
export const BODY_BYTES_MAX = 1_048_576;

/** Rows of a list. */
export const PAGE_LIMIT_DEFAULT = 50;
export const PAGE_LIMIT_MAX = 200;

/** How far in the future a job may be scheduled: 10 years. */
export const RUN_AT_AHEAD_MAX_MS = 10 * 365.25 * 24 * 60 * 60 * 1_000;
/** Times must be before this, and not before 1970. */
export const TIME_END_MS = Date.UTC(9999, 11, 31);
