import { PlatformError } from "../../core/lib/errors.ts";

/** The items of a batch after parsing. */
interface Parsed<T> {
  /** Those that are valid, in order. */
  readonly valid: readonly T[];
  /** One element an item: its refusal, or undefined when it is valid. `weave` fills these with results. */
  readonly refused: readonly ({ readonly refused: PlatformError } | undefined)[];
}

/** Parses each item of a batch on its own: a PlatformError that one throws does not fail the others. */
export function parseEach<Item, T>(
  items: readonly Item[],
  parse: (item: Item, index: number) => T,
): Parsed<T> {
  const valid: T[] = [];
  const refused = items.map((item, index) => {
    try {
      valid.push(parse(item, index));
      return undefined;
    } catch (error) {
      if (error instanceof PlatformError) return { refused: error };
      throw error;
    }
  });
  return { valid, refused };
}
