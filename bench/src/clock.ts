// One clock for all processes of a run. Both functions read CLOCK_MONOTONIC: `hrtime` since boot,
// `performance` since the process began.
const SINCE_BOOT_MS = Number(process.hrtime.bigint()) / 1e6 - performance.now();

/** Returns milliseconds that can be compared between the processes of one machine. */
export function now(): number {
  return SINCE_BOOT_MS + performance.now();
}
