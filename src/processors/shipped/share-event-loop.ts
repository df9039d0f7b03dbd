import { setImmediate } from "node:timers/promises";

/** How long work may hold the event loop. Heartbeats and the runner's other jobs wait as long. */
const HOLD_MS_MAX = 5;

export interface SharedEventLoop {
  /** True when the loop was held long enough: call `yield`. Cheap enough to ask for every item. */
  readonly isDue: () => boolean;
  /** Lets everything else run, then returns. Throws the signal's reason when it has aborted. */
  readonly yield: () => Promise<void>;
}

/**
 * For long work on the CPU, which yields again and again. Throws the signal's reason when it has aborted
 * already.
 */
export function shareEventLoop(signal: AbortSignal): SharedEventLoop {
  signal.throwIfAborted();
  let held_since_ms = performance.now();
  return {
    isDue: () => performance.now() - held_since_ms >= HOLD_MS_MAX,
    yield: async () => {
      await setImmediate();
      signal.throwIfAborted();
      held_since_ms = performance.now();
    },
  };
}
