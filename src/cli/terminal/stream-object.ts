/**
 * The text of an object with a list that may be more than memory holds, piece by piece: `before`, then the list under its name, then `after`. Together
 * the pieces are what `JSON.stringify` of the whole, with two spaces, would be. `before` and `after` must not be empty.
 */
export async function* streamObject(
  before: object,
  [name, pages]: readonly [name: string, pages: AsyncIterable<readonly unknown[]>],
  after: object,
): AsyncGenerator<string> {
  yield `${JSON.stringify(before, null, 2).slice(0, -"\n}".length)},\n  ${JSON.stringify(name)}: [`;
  let separator = "";
  for await (const page of pages) {
    for (const item of page) {
      yield `${separator}\n${indent(JSON.stringify(item, null, 2), "    ")}`;
      separator = ",";
    }
  }
  yield `${separator === "" ? "" : "\n  "}],${JSON.stringify(after, null, 2).slice("{".length)}`;
}

/** A line break in JSON text is always between values: in strings it is escaped. */
function indent(json: string, spaces: string): string {
  return spaces + json.replaceAll("\n", `\n${spaces}`);
}
