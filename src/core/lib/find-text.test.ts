import * as fc from "fast-check";
import { expect, test } from "vitest";
import { findText, overlap } from "./find-text.ts";

/** Of two letters, so that texts repeat themselves. */
const text = (maxLength: number) =>
  fc.array(fc.constantFrom("a", "b"), { maxLength }).map((letters) => letters.join(""));

test("finds what indexOf finds", () => {
  fc.assert(
    fc.property(text(300), text(8), fc.nat(20), (whole, short, from) => {
      for (const part of [short, whole.slice(from, from + 100), `${whole.slice(from, from + 100)}b`]) {
        const start = Math.min(from, whole.length);
        expect(findText(whole, part, start)).toBe(whole.indexOf(part, start));
      }
    }),
  );
});

test("the overlap is the longest end that is also a beginning", () => {
  fc.assert(
    fc.property(text(30), text(30), (first, second) => {
      let longest = 0;
      for (let length = 2; length <= Math.min(first.length, second.length); length += 1) {
        if (first.endsWith(second.slice(0, length))) longest = length;
      }
      expect(overlap(first, second, 2)).toBe(longest);
    }),
  );
});

test("a megabyte that repeats itself takes a moment", () => {
  const part = `${"a".repeat(32_000)}b${"a".repeat(32_000)}`;
  const started_at = performance.now();
  expect(findText("a".repeat(1_048_576), part)).toBe(-1);
  expect(performance.now() - started_at).toBeLessThan(2_000);
});
