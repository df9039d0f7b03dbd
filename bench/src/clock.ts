// One clock for all processes of a run: both of these read CLOCK_MONOTONIC, hrtime since boot and `performance` since the process began.
const SINCE_BOOT_MS = Number(process.hrtime.bigint()) / 1e6 - performance.now();

/** Milliseconds that may be compared between processes of one machine. */
export function now(): number {
  return SINCE_BOOT_MS + performance.now();
}
