/** Bytes of input in one batch to the database. */
export const BATCH_BYTES_MAX = 8 * 1024 * 1024;
/**
 * Submissions of one process that may wait for the database; one more is refused with 503 instead of taking
 * memory.
 */
export const WAITING_MAX = 20_000;
/** Batches of one process under way at a time. */
export const IN_FLIGHT_MAX = 2;

// While the database is away, a submission is refused with 503 after 5 s at the latest: the sum of these
// three.

/** How long job types are looked for. */
export const READ_TYPES_FOR_MS = 1_500;
/**
 * When a batch fails because the database is down, submissions queued longer than this fail too instead of
 * waiting for their own timeout.
 */
export const PATIENCE_MS = 1_000;
/** A batch is tried again for so long: outlasts a crash and restart of the server (0.5 s). */
export const SUBMIT_FOR_MS = 2_500;

export const RETRY_DELAY_MAX_MS = 400;
