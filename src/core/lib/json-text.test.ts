import * as fc from "fast-check";
import { expect, test } from "vitest";
import { JSON_DEPTH_MAX } from "./json.ts";
import { JsonText } from "./json-text.ts";

const BYTES_MAX = 10_000;
const textOf = (value: unknown): string => JsonText.of(value, BYTES_MAX).text;

test("is what JSON.stringify writes, for any value that can be stored", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      fc.pre(!JSON.stringify(value).includes("\\u0000"));
      expect(JsonText.of(value, 1_000_000).text).toBe(JSON.stringify(value));
    }),
  );
});

test.each([
  ["a date", { at: new Date(0) }],
  ["a map and a set", [new Map([[1, 2]]), new Set([1])]],
  ["a boxed value", [Object("text"), Object(1)]],
  ["undefined members", { a: undefined, b: [undefined] }],
  ["no number", [NaN, Infinity, -0]],
  ["symbols as keys", { [Symbol("s")]: 1, a: 2 }],
  ["a typed list", new Uint8Array([1, 2])],
  ["a class with toJSON in it", [{ inner: { toJSON: () => ({ shown: [1, { deep: "x" }] }) } }]],
])("is what JSON.stringify writes of %s", (_name, value) => {
  expect(textOf(value)).toBe(JSON.stringify(value));
});

test("as many levels as may be stored, and not one more, whether shown or by toJSON", () => {
  const nested = (levels: number, bottom: unknown): unknown => {
    let value = bottom;
    for (let level = 0; level < levels; level += 1) value = [value];
    return value;
  };
  const shows = { toJSON: () => [1] };
  for (const bottom of [1, shows]) {
    const levels = bottom === 1 ? JSON_DEPTH_MAX : JSON_DEPTH_MAX - 1;
    expect(textOf(nested(levels, bottom))).toContain("[[[");
    expect(() => textOf(nested(levels + 1, bottom))).toThrow("nested deeper");
  }
  expect(() => textOf(nested(500_000, 1))).toThrow("nested deeper");
});

test("what has no end is not walked for long", () => {
  const deeper = (): unknown => ({ toJSON: () => ({ deeper: deeper() }) });
  const wider = (): unknown => ({ toJSON: () => Array.from({ length: 50 }, () => ({ some: wider() })) });
  let doubled: unknown = ["x"];
  for (let n = 0; n < 80; n += 1) doubled = [doubled, doubled];
  const circle: { self?: unknown } = {};
  circle.self = circle;
  const started_at = performance.now();
  for (const endless of [
    deeper(),
    wider(),
    doubled,
    circle,
    Object.assign([], { length: 4_000_000_000 }),
    new Uint8Array(100_000_000),
    Buffer.alloc(100_000_000),
  ]) {
    expect(() => textOf(endless)).toThrow(/nested deeper|larger|circular/);
  }
  expect(performance.now() - started_at).toBeLessThan(5_000);
});

test.each([
  ["a function", () => 1],
  ["a function in it", [{ f: () => 1 }]],
  ["a function beside toJSON", [new Date(0), { f: () => 1 }]],
  ["a symbol", Symbol("s")],
  ["undefined", undefined],
  ["a bigint", { n: 1n }],
  ["a NUL by toJSON", { toJSON: () => "\0" }],
  ["half a pair", "\ud83d"],
  ["too many bytes", "é".repeat(BYTES_MAX / 2)],
])("there is no text of %s", (_name, value) => {
  expect(() => textOf(value)).toThrow(Error);
});

test("stays when the value changes", () => {
  const value = { v: 1 };
  const json = JsonText.of(value, BYTES_MAX);
  value.v = 2;
  expect(json.text).toBe('{"v":1}');
});
