import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalJson } from "../json.ts";
import { compileSchema } from "./compile-schema.ts";
import { DIALECT, metaschemas } from "./metaschemas.ts";
import { OutOfSteps } from "./run.ts";
import { SchemaFault } from "./schema-fault.ts";

const errorsOf = (schema: unknown, value: unknown, steps = 100_000, max = 20) =>
  compileSchema(schema).findErrors(value, { steps }, max);
const says = (schema: unknown, value: unknown): string[] =>
  errorsOf(schema, value).map(({ pointer, message }) => `${pointer} ${message}`);
const accepts = (schema: unknown, value: unknown): boolean => errorsOf(schema, value).length === 0;
/** As it comes over the wire: `__proto__` is then a name like any other. */
const json = (text: string): unknown => JSON.parse(text);

describe("a value is accepted or not", () => {
  const tree = { type: "object", properties: { child: { $ref: "#" } }, additionalProperties: false };
  const list = {
    $id: "https://example.com/list",
    type: "object",
    properties: { next: { $ref: "list" }, value: { $ref: "value" } },
    $defs: { value: { $id: "value", type: "integer" } },
  };
  const strict = {
    $id: "https://example.com/strict",
    $dynamicAnchor: "node",
    $ref: "loose",
    unevaluatedProperties: false,
    $defs: {
      loose: {
        $id: "loose",
        $dynamicAnchor: "node",
        properties: { data: true, children: { items: { $dynamicRef: "#node" } } },
      },
    },
  };

  test.each<[schema: unknown, good: unknown, bad: unknown]>([
    [tree, { child: { child: {} } }, { child: { child: { other: 1 } } }],
    [list, { next: { value: 1 } }, { next: { value: "1" } }],
    [strict, { children: [{ data: 1 }] }, { children: [{ daat: 1 }] }],
    [{ $ref: "#here", $defs: { x: { $anchor: "here", type: "null" } } }, null, 0],
    [{ $ref: "#/$defs/a~1b%25", $defs: { "a/b%": { type: "null" } } }, null, 0],
    [
      { $id: "urn:x", properties: { a: { $ref: "#/$defs/a" } }, $defs: { a: { const: 1 } } },
      { a: 1 },
      { a: 2 },
    ],
    [
      {
        $id: "relative.json",
        properties: { a: { $ref: "relative.json#/$defs/a" } },
        $defs: { a: { const: 1 } },
      },
      { a: 1 },
      { a: 2 },
    ],
    [metaschemas()[0], { type: "object" }, { type: "objekt" }],
    [{ $ref: DIALECT }, { items: { minimum: 1 } }, { items: { minimum: "1" } }],
    [{ $schema: DIALECT, $async: true, unknown: {}, type: "object" }, {}, []],
    [{ properties: { constructor: { type: "string" } } }, {}, { constructor: 1 }],
    [{ required: ["toString", "valueOf"] }, { toString: 1, valueOf: 2 }, {}],
    [json('{"properties":{"__proto__":{"type":"string"}}}'), {}, json('{"__proto__":1}')],
    [json('{"required":["__proto__"]}'), json('{"__proto__":1}'), {}],
    [json('{"additionalProperties":false}'), {}, json('{"__proto__":1}')],
    [
      json('{"patternProperties":{"^__proto__$":{"type":"string"}}}'),
      json('{"__proto__":"a"}'),
      json('{"__proto__":1}'),
    ],
    [json('{"dependentRequired":{"__proto__":["a"]}}'), {}, json('{"__proto__":1}')],
    [json('{"const":{"__proto__":1}}'), json('{"__proto__":1}'), {}],
    [
      json('{"properties":{"hasOwnProperty":{"type":"null"}}}'),
      json('{"hasOwnProperty":null}'),
      json('{"hasOwnProperty":1}'),
    ],
    [{ enum: [{ a: [1, { b: 2 }] }, "x"] }, { a: [1, { b: 2 }] }, { a: [1, { b: 3 }] }],
    [{ const: { a: 1, b: 2 } }, { b: 2, a: 1 }, { a: 1 }],
    [{ type: ["integer", "null"] }, 2, 2.5],
    [{ multipleOf: 0.01 }, 19.99, 19.995],
    [{ multipleOf: 1e-8 }, 12391239123, 1e-9],
    [{ maxLength: 1 }, "😀", "ab"],
    [{ minLength: 2 }, "ab", "😀"],
    [{ pattern: "^\\p{Lu}" }, "Äpfel", "äpfel"],
    [{ pattern: "^[\\w-.]+$" }, "a-b.c", "a b"],
    [{ format: "date-time" }, "2026-11-23T21:06:00Z", "2026-13-23T21:06:00Z"],
    [{ format: "int32" }, 5, 2 ** 40],
    [
      { uniqueItems: true },
      [1, "1", true, [1], { a: 1 }],
      [
        { a: 1, b: 2 },
        { b: 2, a: 1 },
      ],
    ],
    [{ contains: { const: 1 }, minContains: 2, maxContains: 3 }, [1, 1, 2], [1, 2]],
    [{ prefixItems: [{ const: 1 }], items: { const: 2 } }, [1, 2, 2], [1, 1]],
    [{ prefixItems: [true], contains: { const: 3 }, unevaluatedItems: false }, [1, 3], [1, 3, 2]],
    [
      { anyOf: [{ properties: { a: true } }, { properties: { b: true } }], unevaluatedProperties: false },
      { a: 1, b: 1 },
      { c: 1 },
    ],
    [{ allOf: [{ properties: { a: true } }, { unevaluatedProperties: false }] }, {}, { a: 1 }],
    [
      json('{"if":{"required":["a"]},"then":{"required":["b"]},"else":{"required":["c"]}}'),
      { a: 1, b: 1 },
      { a: 1, c: 1 },
    ],
    [{ dependentSchemas: { a: { maxProperties: 1 } } }, { a: 1 }, { a: 1, b: 1 }],
    [{ propertyNames: { maxLength: 2 } }, { ab: 1 }, { abc: 1 }],
    [{ not: { type: "string" } }, 1, "a"],
    [{ oneOf: [{ type: "integer" }, { minimum: 2 }] }, 1, 3],
    [{ unknown: { $ref: "https://example.com/never-read" }, type: "null" }, null, 0],
  ])("%j", (schema, good, bad) => {
    expect(says(schema, good)).toEqual([]);
    expect(accepts(schema, bad)).toBe(false);
  });

  test("a schema that is true takes anything, false and an enum of nothing take nothing", () => {
    expect([true, false, { enum: [] }].map((schema) => accepts(schema, 1))).toEqual([true, false, false]);
  });

  test.each([
    { $ref: "#" },
    { allOf: [{ $ref: "#" }] },
    { $ref: "#/$defs/a", $defs: { a: { $ref: "#/$defs/b" }, b: { $ref: "#/$defs/a" } } },
  ])("%j comes back to itself and demands nothing", (schema) => {
    expect(says(schema, { any: "thing" })).toEqual([]);
  });
});

test("errors name the place and the fault, the first of them", () => {
  const schema = {
    type: "object",
    required: ["text"],
    properties: {
      "a/b": { type: "number" },
      list: { items: { type: "integer" } },
      kind: { enum: ["x", "y"] },
    },
    additionalProperties: false,
  };
  expect(says(schema, { "a/b": "1", list: [1, 2.5], kind: "z", other: 1 })).toEqual([
    " must have required property 'text'",
    "/a~1b must be number",
    "/list/1 must be integer",
    '/kind must be equal to one of the allowed values: "x", "y"',
    ' must NOT have additional properties "other"',
  ]);
  expect(
    errorsOf(
      { items: { type: "string" } },
      Array.from({ length: 1_000 }, () => 1),
      100_000,
      3,
    ),
  ).toHaveLength(3);
});

test.each<[schema: unknown, pointer: string, message: string | RegExp]>([
  [{ type: "objekt" }, "/type", /^must be one of array/],
  [{ properties: { a: { minLength: -1 } } }, "/properties/a/minLength", /integer of at least 0/],
  [{ allOf: [] }, "/allOf", /at least one schema/],
  [{ required: ["a", "a"] }, "/required", /different texts/],
  [{ items: [true] }, "/items", /must be a schema/],
  [{ pattern: "(" }, "/pattern", /is no regular expression/],
  [{ patternProperties: { "[": true } }, "/patternProperties", /is no regular expression/],
  [{ items: { $ref: "https://example.com/a.json" } }, "/items/$ref", /other documents are not fetched/],
  [{ $ref: "#/$defs/missing" }, "/$ref", /nothing stands there/],
  [{ $ref: "#missing" }, "/$ref", /no such anchor/],
  [{ $schema: "http://json-schema.org/draft-07/schema#" }, "/$schema", /no other dialect/],
  [{ $id: "#a" }, "/$id", /without a fragment/],
  [{ $defs: { a: { $id: "x:a" }, b: { $id: "x:a" } } }, "/$defs/b/$id", /stands twice/],
])("%j is no schema", (schema, pointer, message) => {
  let fault: unknown;
  try {
    compileSchema(schema);
  } catch (error) {
    fault = error;
  }
  expect(fault).toBeInstanceOf(SchemaFault);
  expect(fault).toMatchObject({ pointer, message: expect.stringMatching(message) });
});

test("a schema that is nested too deep is a fault, and none of the process", () => {
  const schema = json(`${'{"not":'.repeat(50_000)}{}${"}".repeat(50_000)}`);
  expect(() => compileSchema(schema)).toThrow(SchemaFault);
});

describe("what takes long is given up", () => {
  // What has to be given up soon is in test/speed/schema-steps.test.ts.
  test("references that branch again and again take no exponential time", () => {
    const defs = Object.fromEntries(
      Array.from({ length: 30 }, (_, n) => {
        const next = { $ref: `#/$defs/d${n + 1}` };
        return [`d${n}`, { allOf: [next, next], anyOf: [next, next] }];
      }),
    );
    const schema = { $ref: "#/$defs/d0", $defs: { ...defs, d30: { type: "object" } } };
    expect(says(schema, {})).toEqual([]);
    expect(accepts(schema, 1)).toBe(false);
  });

  test("steps are shared by the checks of one budget", () => {
    const schema = compileSchema({ items: { type: "integer" } });
    const budget = { steps: 1_000 };
    schema.findErrors(
      Array.from({ length: 900 }, () => 1),
      budget,
      20,
    );
    expect(() =>
      schema.findErrors(
        Array.from({ length: 900 }, () => 1),
        budget,
        20,
      ),
    ).toThrow(OutOfSteps);
  });
});

test("const accepts its value, whatever the order of names, and no other text, number, true, false or null", () => {
  const scalar = fc.oneof(
    fc.string(),
    fc.integer(),
    fc.double({ noNaN: true }),
    fc.boolean(),
    fc.constant(null),
  );
  fc.assert(
    fc.property(fc.jsonValue(), scalar, (value, other) => {
      expect(accepts({ const: value }, json(canonicalJson(value)))).toBe(true);
      expect(accepts({ const: value }, other)).toBe(value === other);
    }),
  );
});
