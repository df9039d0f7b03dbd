/**
 * Returns milliseconds since boot, which can be compared between the processes of one machine: all read
 * CLOCK_MONOTONIC. An offset of each process to another clock, measured once, would be wrong for all of its run
 * when the process was interrupted just then.
 */
export function now(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
