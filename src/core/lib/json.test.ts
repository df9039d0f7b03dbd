import * as fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalJson, findUnstorable, findUnstorableText, JSON_DEPTH_MAX } from "./json.ts";

test.each([[null], [0], ["text"], ["😀"], [[]], [{ a: [1, { b: "\\u0000 as text" }] }]])(
  "%j can be stored",
  (value) => {
    expect(findUnstorable(value, "/input_data")).toEqual([]);
  },
);

test.each([
  ["U+0000 in a text", { a: ["x\u0000"] }, "/input_data/a/0"],
  ["U+0000 in a key", { a: { "x\u0000": 1 } }, "/input_data/a"],
  ["half a surrogate pair", { "a/b~": "\ud800" }, "/input_data/a~1b~0"],
  ["a number out of range", [1, JSON.parse("1e999")], "/input_data/1"],
])("%s cannot, and the place is named", (_what, value, pointer) => {
  expect(findUnstorable(value, "/input_data")).toMatchObject([{ pointer }]);
});

test("nesting is bounded, and looking for it does not exhaust the stack", () => {
  expect(findUnstorable(nested(JSON_DEPTH_MAX), "")).toEqual([]);
  expect(findUnstorable(nested(JSON_DEPTH_MAX + 1), "")[0]?.message).toContain("nested deeper than 100");
  expect(findUnstorable(nested(500_000), "")[0]?.message).toContain("nested deeper than 100");
});

test("text is judged as the value that it stands for", () => {
  const leaf = fc.constantFrom("a", "\\u0000", "\u0000", "\ud800", "[[[{", '"]"', "\\", 1, null);
  const value = fc.oneof(
    fc.jsonValue({ stringUnit: "binary" }),
    fc.tuple(leaf, leaf, leaf),
    fc.record({ depth: fc.integer({ min: JSON_DEPTH_MAX - 3, max: JSON_DEPTH_MAX + 3 }), leaf }).map(deep),
  );
  fc.assert(
    fc.property(value, (json) => {
      const text = JSON.stringify(json);
      expect(findUnstorableText(text) === undefined).toBe(findUnstorable(JSON.parse(text), "").length === 0);
    }),
    { numRuns: 1_000 },
  );
});

/** As the hashes of idempotency keys were made that are stored: a value must never get another text. */
function canonicalBefore(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) => {
    if (typeof member !== "object" || member === null || Array.isArray(member)) return member;
    return Object.fromEntries(Object.entries(member).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  });
}

test("equal values have one text, which is the one that is stored", () => {
  const key = fc.oneof(fc.string(), fc.constantFrom("10", "9", "01", "-1", "4294967295", "b", "B", "ä"));
  const { json } = fc.letrec((tie) => ({
    json: fc.oneof(
      { maxDepth: 4 },
      fc.oneof(fc.string({ unit: "binary" }), fc.double(), fc.boolean(), fc.constant(null)),
      fc.array(tie("json")),
      fc.dictionary(key, tie("json")),
    ),
  }));
  fc.assert(
    fc.property(json, (value) => {
      expect(canonicalJson(value)).toBe(canonicalBefore(value));
    }),
    { numRuns: 1_000 },
  );
  expect(canonicalJson({ b: undefined, a: [undefined, { c: undefined }] })).toBe('{"a":[null,{}]}');
});

function deep({ depth, leaf }: { depth: number; leaf: unknown }): unknown {
  let value: unknown = [leaf];
  for (let level = 1; level < depth; level += 1) value = level % 2 === 0 ? [value, "]]"] : { "[": value };
  return value;
}

function nested(depth: number): unknown {
  let value: unknown[] = [];
  for (let level = 1; level < depth; level += 1) value = [value];
  return value;
}
