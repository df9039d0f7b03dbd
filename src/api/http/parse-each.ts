import { PlatformError } from "../../core/lib/errors.ts";
import { TURN_MS } from "../../core/model/limits.ts";
import { longWork } from "./long-work.ts";

/** The items of a batch after parsing. */
interface Parsed<T> {
  /** Those that are valid, in order. */
  readonly valid: readonly T[];
  /** One element an item: its refusal, or undefined when it is valid. `weave` fills these with results. */
  readonly refused: readonly ({ readonly refused: PlatformError } | undefined)[];
}

/**
 * Parses each item of a batch on its own: a PlatformError that one throws does not fail the others. When it
 * takes long, it goes on in turns with all else that takes long.
 */
export async function parseEach<Item, T>(
  items: readonly Item[],
  parse: (item: Item, index: number) => T,
): Promise<Parsed<T>> {
  const valid: T[] = [];
  const refused: Parsed<T>["refused"][number][] = [];

  const parseSome = (): void => {
    const began_at = performance.now();
    for (const [offset, item] of items.slice(refused.length).entries()) {
      if (offset > 0 && performance.now() - began_at >= TURN_MS) return;
      try {
        valid.push(parse(item, refused.length));
        refused.push(undefined);
      } catch (error) {
        if (!(error instanceof PlatformError)) throw error;
        refused.push({ refused: error });
      }
    }
  };

  parseSome();
  while (refused.length < items.length) await longWork.take(parseSome);
  return { valid, refused };
}
