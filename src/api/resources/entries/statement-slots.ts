import { Readable } from "node:stream";
import { setImmediate as nextRound } from "node:timers/promises";
import { PlatformError } from "../../../core/lib/errors.ts";
import { Turns } from "../../../core/lib/turns.ts";
import { STATEMENTS_MAX, STATEMENTS_PER_CUSTOMER_MAX } from "../../../core/model/limits.ts";

/**
 * Statements as CSV, which may be of any length, beside requests that are short: few at a time, and all of
 * them together read one page at a time.
 */
export class StatementSlots {
  readonly #turns = new Turns();
  readonly #byOwner = new Map<string, number>();
  #taken = 0;

  /**
   * A stream of these pages. It holds a slot of `owner` until it ends or its reader hangs up. Throws
   * `rate_limited` when there is none.
   */
  stream(owner: string, pages: AsyncGenerator<string>): Readable {
    const own = this.#byOwner.get(owner) ?? 0;
    if (own >= STATEMENTS_PER_CUSTOMER_MAX || this.#taken >= STATEMENTS_MAX)
      throw new PlatformError(
        "rate_limited",
        `Only ${STATEMENTS_PER_CUSTOMER_MAX} statements of a key, and ${STATEMENTS_MAX} in all, are written at a time. Ask again when one is complete.`,
      );
    this.#byOwner.set(owner, own + 1);
    this.#taken += 1;
    return Readable.from(this.#inTurns(pages)).once("close", () => {
      const left = (this.#byOwner.get(owner) ?? 1) - 1;
      if (left > 0) this.#byOwner.set(owner, left);
      else this.#byOwner.delete(owner);
      this.#taken -= 1;
    });
  }

  async *#inTurns(pages: AsyncGenerator<string>): AsyncGenerator<string> {
    try {
      for (;;) {
        const { done, value } = await this.#turns.take(() => pages.next());
        if (done) return;
        yield value;
        await nextRound();
      }
    } finally {
      await pages.return(undefined);
    }
  }
}
