/** Seconds of requests and of calls of the database. */
export const CALL_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** Seconds that jobs wait and run: from a millisecond to a day. */
export const JOB_SECONDS = [
  0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 14_400, 86_400,
];
/** Jobs of a batch. */
export const BATCH_JOBS = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000];
