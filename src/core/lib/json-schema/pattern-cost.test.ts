import { expect, test } from "vitest";
import { patternCost } from "./pattern-cost.ts";

test.each<[source: string, degree: number]>([
  ["^[A-Z]{3}-\\d{4}$", 0],
  ["^[a-z0-9._-]+$", 1],
  ["[A-Z]", 1],
  ["\\s+$", 2],
  ["^[^@]+@[^@]+\\.[a-z]{2,}$", 3],
  ["^(?:red|green|blue)$", 1],
  ["^\\p{L}(?<rest>a|b*)?$", 2],
  ["^a{2,5}$", 1],
  ["^$", 0],
])("%s takes time of degree %i", (source, degree) => {
  expect(patternCost(source)?.degree).toBe(degree);
});

test.each([
  "^(a+)+$",
  "^(\\w+\\s?)*$",
  "(a|a)*$",
  "(?:ab){3}",
  "(?=a)b",
  "(?<!a)b",
  "(a)\\1",
  "(?<x>a)\\k<x>",
  "^(((((((a)))))))$",
])("nothing is known of %s", (source) => {
  expect(patternCost(source)).toBeUndefined();
});

test.each(["^[^@]+@[^@]+$", "\\s+$", "^a*a*b$", "^(?:a|ab)(?:c|bcd)d*$", "x[0-9]+y"])(
  "%s stays below its bound on hostile texts",
  (source) => {
    const cost = patternCost(source);
    if (cost === undefined) throw new Error("no bound");
    const regExp = new RegExp(source, "u");
    for (const unit of ["a", " ", "@", "x1", "ab"]) {
      const text = unit.repeat(500);
      const started_at = performance.now();
      regExp.test(text);
      // 0.1 µs a character step is ten times what the engine takes.
      expect((performance.now() - started_at) * 1_000).toBeLessThan(
        2_000 + cost.factor * 1_000 ** cost.degree,
      );
    }
  },
);
