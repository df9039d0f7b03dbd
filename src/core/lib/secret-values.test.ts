import { describe, expect, test } from "vitest";
import { findSecretValues, hasSecrets } from "./secret-values.ts";

const find = (schema: object, input: unknown, max = 100) => findSecretValues(schema, input, max);
const secret = { type: "string", writeOnly: true };

test("a schema says whether it has secrets at all", () => {
  expect(hasSecrets({ properties: { a: { type: "string" } } })).toBe(false);
  expect(hasSecrets({ properties: { a: { type: "string", writeOnly: false } } })).toBe(false);
  expect(hasSecrets({ properties: { a: secret } })).toBe(true);
  expect(hasSecrets({ properties: { a: { type: "string", format: "password" } } })).toBe(true);
});

describe("secrets are found", () => {
  test.each<[string, object, unknown, readonly string[]]>([
    ["in a property", { properties: { a: secret, b: {} } }, { a: "s1", b: "open" }, ["s1"]],
    ["by the format of passwords", { properties: { a: { format: "password" } } }, { a: "s1" }, ["s1"]],
    ["in elements", { properties: { a: { items: secret } } }, { a: ["s1", "s2"] }, ["s1", "s2"]],
    ["at a place", { prefixItems: [{}, secret] }, ["open", "s1"], ["s1"]],
    ["in other properties", { additionalProperties: secret }, { x: "s1" }, ["s1"]],
    ["in properties by pattern", { patternProperties: { "^x": secret } }, { y: "s1" }, ["s1"]],
    ["behind a reference", { $ref: "#/$defs/a~1b", $defs: { "a/b": { items: secret } } }, ["s1"], ["s1"]],
    [
      "in any branch",
      { anyOf: [{ properties: { a: {} } }, { properties: { a: secret } }] },
      { a: "s1" },
      ["s1"],
    ],
    [
      "in all of a secret object",
      { properties: { a: { writeOnly: true } } },
      { a: { b: ["s1", 42] } },
      ["s1", "42"],
    ],
    ["of nothing that is missing", { properties: { a: secret } }, {}, []],
    ["of nothing of another type", { properties: { a: secret } }, "text", []],
  ])("%s", (_name, schema, input, values) => {
    expect(find(schema, input)).toEqual(values);
  });
});

test("there is an end to it: too many, a schema of itself, an input that is deep", () => {
  expect(find({ items: secret }, ["a", "b", "c"], 2)).toBeUndefined();
  expect(find({ $ref: "#", writeOnly: false, properties: { a: secret } }, { a: "s1" })).toBeUndefined();
  let deep: unknown = "s1";
  for (let n = 0; n < 200; n += 1) deep = { a: deep };
  expect(find({ properties: { a: { $ref: "#" } } }, deep)).toBeUndefined();
});

test("a reference that cannot be read is told as too much, and throws nothing", () => {
  expect(find({ $ref: "#/%zz", properties: { a: secret } }, { a: "s1" })).toBeUndefined();
});
