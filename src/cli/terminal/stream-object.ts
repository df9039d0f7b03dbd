/**
 * Yields the JSON text of an object with a list that may not fit into memory: the properties of `before`, the
 * list under its name, the properties of `after`. The pieces together equal the result of `JSON.stringify`
 * with two spaces. `before` and `after` must not be empty.
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

/** Safe for any JSON: a line break in a string is escaped, so all line breaks are between values. */
function indent(json: string, spaces: string): string {
  return spaces + json.replaceAll("\n", `\n${spaces}`);
}
