const BASE_MS = 1_000;
const MAX_MS = 10 * 60 * 1_000;

/**
 * How long a failed attempt waits for the next: 1 s, 2 s, 4 s … at most 10 minutes, times 0.5 to 1.5, so that jobs which failed together do not
 * come back together. `failures` counts from 1; `random` is in [0, 1).
 */
export function retryDelayMs(failures: number, random: number = Math.random()): number {
  return Math.round(Math.min(BASE_MS * 2 ** (failures - 1), MAX_MS) * (0.5 + random));
}
