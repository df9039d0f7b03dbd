import { setImmediate } from "node:timers/promises";

/** Longest time in ms that work holds the event loop: leases and progress of the runner's other jobs wait as long. */
const TURN_MS = 5;

export interface Turn {
  /** True when others should go first: call `end`. Cheap enough to ask for every item. */
  readonly isOver: () => boolean;
  /** Lets everybody else run, then starts the next turn. Throws the signal's reason when it has aborted. */
  readonly end: () => Promise<void>;
}

/** Cuts long work on the CPU into turns. Throws the signal's reason when it has aborted already. */
export function takeTurns(signal: AbortSignal): Turn {
  signal.throwIfAborted();
  let startedAt = performance.now();
  return {
    isOver: () => performance.now() - startedAt >= TURN_MS,
    end: async () => {
      await setImmediate();
      signal.throwIfAborted();
      startedAt = performance.now();
    },
  };
}
