import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { compileSchema } from "../../core/lib/json-schema/compile-schema.ts";
import { SHIPPED_PROCESSORS } from "../shipped/shipped.ts";
import { defineProcessor } from "./define-processor.ts";
import { findInputSchema } from "./find-input-schema.ts";

const of = (input: z.ZodType) => findInputSchema(defineProcessor({ id: "a", input, run: () => null }));

function accepts(schema: object | undefined, value: unknown): boolean {
  return (
    schema === undefined || compileSchema(schema).findErrors(value, { steps: Infinity }, 20).length === 0
  );
}

describe("what zod refuses is refused before", () => {
  test.each<[name: string, input: z.ZodType, value: unknown]>([
    ["another type", z.strictObject({ text: z.string() }), 5],
    ["a missing member", z.strictObject({ text: z.string() }), {}],
    ["an unknown member", z.strictObject({ text: z.string() }), { text: "", more: 1 }],
    ["a long text", z.string().max(3), "abcd"],
    ["a text of another pattern", z.string().regex(/^[A-Z]{3}$/), "abc"],
    ["too many items", z.array(z.int()).max(1), [1, 2]],
    ["a fraction", z.int(), 1.5],
    ["no option of a union", z.union([z.boolean(), z.literal("fatal")]), "never"],
    [
      "another kind",
      z.discriminatedUnion("k", [z.object({ k: z.literal("a") }), z.object({ k: z.literal("b") })]),
      { k: "c" },
    ],
    ["a member of a member", z.object({ a: z.object({ b: z.number().min(1) }) }), { a: { b: 0 } }],
  ])("%s", (_name, input, value) => {
    expect(input.safeParse(value).success).toBe(false);
    expect(accepts(of(input), value)).toBe(false);
  });
});

describe("what zod takes is never refused", () => {
  interface Node {
    children?: Node[] | undefined;
  }
  const Node: z.ZodType<Node> = z.strictObject({ children: z.lazy(() => z.array(Node)).optional() });

  test.each<[name: string, input: z.ZodType, values: readonly unknown[]]>([
    ["a default", z.strictObject({ a: z.number().default(1) }), [{}, { a: 2 }]],
    ["a prefault", z.strictObject({ a: z.number().prefault(1) }), [{}]],
    ["a catch", z.strictObject({ a: z.number().catch(1) }), [{}, { a: "x" }]],
    [
      "coercion",
      z.object({ a: z.coerce.number(), b: z.coerce.date(), c: z.coerce.string() }),
      [{ a: "5", b: 1, c: null }],
    ],
    ["trimmed text", z.string().trim().max(3), ["  abc  "]],
    [
      "text in another case",
      z
        .string()
        .toLowerCase()
        .regex(/^[a-z]+$/),
      ["ABC"],
    ],
    ["a pattern with flags", z.string().regex(/^[a-z]+$/i), ["ABC"]],
    ["characters beyond 16 bits", z.string().min(1).max(1), ["😀"]],
    ["a pattern of UTF-16 units", z.string().regex(/^..$/), ["😀"]],
    ["a preprocessed value", z.preprocess((value) => Number(value), z.number()), ["5"]],
    ["a transformed value", z.string().transform(Number), ["5"]],
    ["a piped value", z.string().transform(Number).pipe(z.number()), ["5"]],
    ["a codec", z.codec(z.string(), z.number(), { decode: Number, encode: String }), ["5"]],
    [
      "strict objects together",
      z.intersection(z.looseObject({ a: z.string() }), z.looseObject({ b: z.string() })),
      [{ a: "", b: "" }],
    ],
    ["names that are numbers", z.record(z.coerce.number(), z.string()), [{ 5: "x" }]],
    ["a partial record", z.partialRecord(z.enum(["a", "b"]), z.string()), [{ a: "x" }]],
    ["hundredths", z.number().multipleOf(0.1), [0.3, 0.7, 4.1]],
    ["a string bool", z.stringbool(), ["yes"]],
    ["an own check", z.custom((value) => value === 1), [1]],
    ["a refined value", z.number().refine((value) => value === 1), [1]],
    ["a tree", Node, [{ children: [{ children: [] }] }]],
    ["metadata that looks like keywords", z.number().meta({ type: "string", maximum: 0, id: "x" }), [5]],
    [
      "formats",
      z.object({ e: z.email(), u: z.uuid(), d: z.iso.datetime({ local: true }), url: z.url() }),
      [
        {
          e: "a.b+c@d.example",
          u: "019ab1f0-5d33-7b60-93b1-0e7f5a9c1b22",
          d: "2026-11-23T21:06:00",
          url: "http://x",
        },
      ],
    ],
    ["either of overlapping options", z.union([z.string().regex(/a/i), z.string().regex(/A/i)]), ["a"]],
    ["a nullable member", z.object({ a: z.string().nullable(), b: z.string().nullish() }), [{ a: null }]],
    ["a tuple with a rest", z.tuple([z.string(), z.number().optional()]), [["a"], ["a", 1]]],
    ["any object", z.object({}), [{ more: 1 }]],
  ])("%s", (_name, input, values) => {
    for (const value of values) {
      expect(input.safeParse(value).success).toBe(true);
      expect(accepts(of(input), value)).toBe(true);
    }
  });

  test.each(SHIPPED_PROCESSORS.map((processor) => [processor.id, processor] as const))(
    "%s",
    (_id, processor) => {
      const schema = findInputSchema(processor);
      const scalar = fc.oneof(fc.jsonValue(), fc.constantFrom("fatal", ",", 0, 1, 0.5, "", "text"));
      const names = ["text", "csv", "content_base64", "delimiter", "header", "fail", "duration_ms", "output"];
      fc.assert(
        fc.property(
          fc.subarray(names),
          fc.array(scalar, { minLength: 8, maxLength: 8 }),
          (chosen, values) => {
            const input = Object.fromEntries(chosen.map((name, n) => [name, values[n]]));
            const isTaken = processor.input === undefined || processor.input.safeParse(input).success;
            expect(accepts(schema, input) || !isTaken).toBe(true);
          },
        ),
        {
          numRuns: 300,
          examples: [
            [["text"], ["a"]],
            [
              ["csv", "delimiter", "header"],
              ["a", ";", true],
            ],
            [[], []],
            [["content_base64"], [""]],
          ],
        },
      );
    },
  );
});

test("a shipped processor that takes something says what", () => {
  const said = SHIPPED_PROCESSORS.filter((processor) => findInputSchema(processor) !== undefined);
  expect(said.map(({ id }) => id).toSorted()).toEqual([
    "csv.summary",
    "file.sha256",
    "simulate",
    "text.statistics",
  ]);
  expect(findInputSchema(SHIPPED_PROCESSORS.find(({ id }) => id === "text.statistics")!)).toEqual({
    type: "object",
    properties: { text: { type: "string", maxLength: 1_000_000 } },
    required: ["text"],
    additionalProperties: false,
  });
});

test("a schema that cannot be written, or is no zod schema of ours, is none", () => {
  const broken = { safeParse: () => ({ success: true }) };
  // A schema of another library: all that `defineProcessor` asks of one is `safeParse`.
  expect(of(broken as unknown as z.ZodType)).toBeUndefined();
});
