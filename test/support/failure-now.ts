import { setImmediate } from "node:timers/promises";

/**
 * Watches `work`. The function that it returns gives the error of `work` if that has failed by the end of the
 * current turn of the event loop, undefined otherwise: whatever is told by another thread, process or timer
 * comes later.
 */
export function failureNow(work: Promise<unknown>): () => Promise<unknown> {
  let failure: unknown;
  work.catch((error: unknown) => {
    failure = error;
  });
  return async () => {
    await setImmediate();
    return failure;
  };
}
