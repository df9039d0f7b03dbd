import { expect, test } from "vitest";
import { quote, schemaType } from "./schema-type.ts";

const flat = (schema: unknown): string => schemaType(schema).replaceAll(/\s+/g, " ");

test.each<[name: string, schema: unknown, type: string]>([
  ["no schema", undefined, "unknown"],
  ["any JSON", {}, "unknown"],
  ["nothing", false, "never"],
  ["a text", { type: "string", minLength: 1 }, "string"],
  ["a whole number", { type: "integer" }, "number"],
  ["a text or nothing", { type: ["string", "null"] }, "(string) | (null)"],
  ["a few texts", { enum: ["a", 'b"', null, 1] }, '("a") | ("b\\"") | (null) | (1)'],
  ["one value", { const: true }, "true"],
  ["a list", { type: "array", items: { type: "number" } }, "(number)[]"],
  ["a list of anything", { type: "array" }, "unknown[]"],
  ["places", { prefixItems: [{ type: "string" }], items: false }, "(string)[]"],
  [
    "an object",
    {
      type: "object",
      properties: { text: { type: "string", description: "What to\nread" }, max: { type: "integer" } },
      required: ["text"],
      additionalProperties: false,
    },
    '{ /** What to read */ "text": string; "max"?: number; }',
  ],
  ["an open object", { properties: { a: { type: "null" } } }, '{ "a"?: null; [name: string]: unknown; }'],
  ["a map", { type: "object", additionalProperties: { type: "number" } }, "{ [name: string]: number; }"],
  ["an empty object", { type: "object", additionalProperties: false }, "Record<string, never>"],
  [
    "what is required but not described",
    { type: "object", required: ["id"] },
    '{ "id": unknown; [name: string]: unknown; }',
  ],
  ["either", { anyOf: [{ type: "string" }, { type: "number" }] }, "(string) | (number)"],
  ["either anything", { oneOf: [{ type: "string" }, {}] }, "unknown"],
  ["both", { allOf: [{ type: "string" }, { minLength: 1 }] }, "string"],
  ["a reference", { $ref: "#/$defs/a~1b", $defs: { "a/b": { type: "boolean" } } }, "boolean"],
  ["a reference that leads nowhere", { $ref: "#/$defs/none" }, "unknown"],
  ["a reference elsewhere", { $ref: "https://example.com/schema" }, "unknown"],
  ["a reference to what every object has", { $ref: "#/constructor" }, "unknown"],
  [
    "a schema that holds itself",
    { properties: { next: { $ref: "#" } }, additionalProperties: false },
    '{ "next"?: { "next"?: unknown; }; }',
  ],
])("%s", (_name, schema, type) => {
  expect(flat(schema)).toBe(type);
});

test("names and texts cannot become code", () => {
  const hostile = '"; } } declare const owned: 1; /* \u202e\u2028\ud800 */ {';
  const type = schemaType({
    properties: { [hostile]: { const: hostile, description: "*/ declare const owned: 1; /*\r\n\u202e" } },
    required: [hostile],
    additionalProperties: false,
  });
  const quoted = String.raw`"\"; } } declare const owned: 1; /* \u202e\u2028\ud800 */ {"`;
  expect(quote(hostile)).toBe(quoted);
  expect(JSON.parse(quote(hostile))).toBe(hostile);
  expect(type).toBe(`{\n  /** *\\/ declare const owned: 1; /* */\n  ${quoted}: ${quoted};\n}`);
});

test("references that multiply end in unknown, soon", () => {
  const defs: Record<string, unknown> = { d0: { type: "string" } };
  for (let n = 1; n < 60; n += 1)
    defs[`d${n}`] = {
      type: "array",
      prefixItems: [{ $ref: `#/$defs/d${n - 1}` }, { properties: { a: { $ref: `#/$defs/d${n - 1}` } } }],
    };
  const since = performance.now();
  expect(schemaType({ $ref: "#/$defs/d59", $defs: defs }).length).toBeLessThan(500_000);
  expect(performance.now() - since).toBeLessThan(2_000);
});
