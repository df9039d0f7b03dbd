import * as fc from "fast-check";
import { expect, test } from "vitest";
import { z } from "zod";
import { OUTPUT_BYTES_MAX } from "../../core/model/limits.ts";
import { defineProcessor } from "./define-processor.ts";
import { InputError, isFatal } from "./fatal-error.ts";
import { parseInput, parseOutput } from "./parse-data.ts";

const anything = defineProcessor({ id: "anything", run: (input) => input });
const strict = defineProcessor({
  id: "strict",
  input: z.strictObject({ name: z.string(), "a/b": z.array(z.number()).default([]) }),
  output: z.strictObject({ length: z.number() }),
  run: ({ name }) => ({ length: name.length }),
});

function thrownBy(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  return undefined;
}

test("without a schema any input passes as it is", () => {
  const input = { deep: [1, null, "x"] };
  expect(parseInput(anything, input)).toBe(input);
});

test("defaults are filled in", () => {
  expect(parseInput(strict, { name: "n" })).toEqual({ name: "n", "a/b": [] });
});

test("a refused input lists each fault with its pointer", () => {
  const error = thrownBy(() => parseInput(strict, { "a/b": [1, "two"], colour: "red" }));
  expect(error).toBeInstanceOf(InputError);
  expect(error).toMatchObject({
    code: "input_invalid",
    errors: [
      { pointer: "/name", message: expect.stringContaining("string") },
      { pointer: "/a~1b/1", message: expect.stringContaining("number") },
      { pointer: "", message: expect.stringContaining("colour") },
    ],
  });
  expect(String(error)).toContain("strict does not accept this input: /name: ");
});

test("of very many faults the first are listed and the others counted", () => {
  const error = thrownBy(() =>
    parseInput(strict, { name: "n", "a/b": Array.from({ length: 500 }, () => "x") }),
  );
  expect(error).toMatchObject({ errors: { length: 21 } });
  expect(String(error)).toMatch(/and 480 more$/);
});

test("no output is null", () => {
  expect(parseOutput(anything, undefined)).toBeNull();
});

test("an output that its schema refuses is a fatal fault of the processor", () => {
  const error = thrownBy(() => parseOutput(strict, { length: "long" }));
  expect(isFatal(error)).toBe(false);
  expect(error).toMatchObject({ code: "output_invalid", message: expect.stringContaining("/length: ") });
});

function nested(levels: number): unknown {
  let value: unknown[] = [];
  for (let level = 1; level < levels; level += 1) value = [value];
  return value;
}

const circular: { self?: unknown } = {};
circular.self = circular;

test.each([
  ["a function", () => null, "no JSON value"],
  ["a bigint", { n: 1n }, "BigInt"],
  ["a circle", circular, "circular"],
  ["more levels than may be stored", nested(101), "nested deeper"],
  ["a NUL in a text", { text: "a\u0000b" }, "U+0000"],
  ["a NUL in a name", { "a\u0000": 1 }, "U+0000"],
  ["half a surrogate pair", ["\ud83d"], "surrogate"],
  ["more than the limit", "é".repeat(OUTPUT_BYTES_MAX / 2), "larger"],
])("%s is no output", (_name, output, reason) => {
  expect(thrownBy(() => parseOutput(anything, output))).toMatchObject({
    code: "output_invalid",
    message: expect.stringContaining(reason),
  });
});

test.each(["\\u0000", "C:\\users\\u0000", "\\\\ud83d", "👩‍🚀", "\n\u0001"])(
  "the text %j is an output",
  (text) => {
    expect(storedOf({ text })).toEqual({ text });
  },
);

function storedOf(output: unknown): unknown {
  const stored = parseOutput(anything, output);
  return stored === null ? null : JSON.parse(stored.text);
}

test("any well-formed JSON without NUL is an output as it is", () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: "binary" }), (value) => {
      fc.pre(!JSON.stringify(value).includes("\\u0000"));
      expect(storedOf(value)).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});
