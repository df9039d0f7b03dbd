import { assert, jsonValue, property } from "fast-check";
import { describe, expect, test } from "vitest";
import { roughJsonBytes } from "./rough-json-bytes.ts";

const NO_LIMIT = Infinity;

describe("a rough count of JSON bytes", () => {
  test("lies between a sixth and three times what JSON.stringify writes, give or take 6", () => {
    assert(
      property(jsonValue(), (value) => {
        const bytes = JSON.stringify(value).length;
        const rough = roughJsonBytes(value, NO_LIMIT);
        expect(rough).toBeLessThan(3 * bytes + 6);
        expect(rough).toBeGreaterThan(bytes / 6 - 6);
      }),
    );
  });

  test.each([
    ["a text", "x".repeat(1_000)],
    ["a text inside", { csv: ["x".repeat(1_000)] }],
    ["a long key", { ["x".repeat(1_000)]: 1 }],
  ])("counts all characters of %s", (_, value) => {
    expect(roughJsonBytes(value, NO_LIMIT)).toBeGreaterThanOrEqual(1_000);
    expect(roughJsonBytes(value, NO_LIMIT)).toBeLessThan(1_050);
  });

  test("stops at the maximum, also where a value contains itself", () => {
    const endless: unknown[] = [];
    endless.push(endless);
    expect(roughJsonBytes(endless, 100)).toBe(100);
    expect(roughJsonBytes("x".repeat(1_000), 100)).toBe(100);
  });
});
