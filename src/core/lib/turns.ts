import { setImmediate as nextRound } from "node:timers/promises";

/**
 * Lets long pieces of work take turns: one at a time, in the order in which they were asked for, with a round
 * of the event loop between two, in which everything that is quick goes ahead.
 */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** Returns what `work` returns, after all work that was asked for before. */
  async take<Result>(work: () => Result | Promise<Result>): Promise<Result> {
    const before = this.#last;
    const { promise, resolve } = withResolvers();
    this.#last = promise;
    await before;
    try {
      await nextRound();
      return await work();
    } finally {
      resolve();
    }
  }
}

/** `Promise.withResolvers`, which Node 20 does not have. */
function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
