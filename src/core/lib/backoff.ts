/** The wait before the second attempt. It doubles with each failure. */
export const BACKOFF_FIRST_MS = 1_000;
/** The longest wait before another attempt. Times 0.5 to 1.5, at random. */
export const BACKOFF_MAX_MS = 10 * 60 * 1_000;

/**
 * Returns how long a failed attempt waits for the next: 1 s, 2 s, 4 s … at most 10 minutes, times 0.5 to 1.5.
 * The random factor keeps jobs that failed together from coming back together. `failures` counts from 1;
 * `random` is in [0, 1).
 */
export function retryDelayMs(failures: number, random: number = Math.random()): number {
  return Math.round(Math.min(BACKOFF_FIRST_MS * 2 ** (failures - 1), BACKOFF_MAX_MS) * (0.5 + random));
}
