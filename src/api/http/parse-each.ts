import { setImmediate as nextRound } from "node:timers/promises";
import { PlatformError } from "../../core/lib/errors.ts";
import { TURN_MS } from "../../core/model/limits.ts";

/** The items of a batch after parsing. */
interface Parsed<T> {
  /** Those that are valid, in order. */
  readonly valid: readonly T[];
  /** One element an item: its refusal, or undefined when it is valid. `weave` fills these with results. */
  readonly refused: readonly ({ readonly refused: PlatformError } | undefined)[];
}

/**
 * Parses each item of a batch on its own: a PlatformError that one throws does not fail the others. Pauses
 * when it has taken long, so that other requests go on.
 */
export async function parseEach<Item, T>(
  items: readonly Item[],
  parse: (item: Item, index: number) => T,
): Promise<Parsed<T>> {
  const valid: T[] = [];
  const refused: Parsed<T>["refused"][number][] = [];
  let began_at = performance.now();
  for (const [index, item] of items.entries()) {
    try {
      valid.push(parse(item, index));
      refused.push(undefined);
    } catch (error) {
      if (!(error instanceof PlatformError)) throw error;
      refused.push({ refused: error });
    }
    if (performance.now() - began_at < TURN_MS) continue;
    await nextRound();
    began_at = performance.now();
  }
  return { valid, refused };
}
