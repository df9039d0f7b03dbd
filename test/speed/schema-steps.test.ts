import { describe, expect, test } from "vitest";
import { compileSchema } from "../../src/core/lib/json-schema/compile-schema.ts";
import { OutOfSteps } from "../../src/core/lib/json-schema/run.ts";

// Alone, because what else its process does would count as the check's.

describe("what takes long is given up soon", () => {
  const text = `${"a".repeat(28)}!`;
  const manyObjects = Array.from({ length: 100_000 }, (_, n) => ({ k19: n }));

  test.each<[name: string, schema: unknown, value: unknown]>([
    ["nested repetitions", { pattern: "^(\\w+\\s?)*$" }, text],
    ["a repeated repetition", { pattern: "^(a+)+$" }, text],
    ["look-around", { pattern: "(?=a+)b" }, text],
    ["a quadratic search", { pattern: "\\s+$" }, " ".repeat(40_000)],
    ["a pattern of members", { patternProperties: { "(a|a)*$": true } }, { [text]: 1 }],
    ["a pattern of names", { propertyNames: { pattern: "^(a|aa)+$" } }, { [text]: 1 }],
    ["a long text of a format", { format: "uri" }, `http://${"a.".repeat(5_000)}`],
    ["a format that compiles", { format: "regex" }, "a"],
    ["many different objects", { uniqueItems: true }, manyObjects],
    [
      "alternatives for each of many items",
      { items: { anyOf: Array.from({ length: 20 }, (_, n) => ({ required: [`k${n}`] })) } },
      manyObjects,
    ],
    ["a large value that is allowed", { enum: [manyObjects] }, manyObjects],
  ])("%s", (_name, schema, value) => {
    const compiled = compileSchema(schema);
    const before = process.cpuUsage();
    expect(() => compiled.findErrors(value, { steps: 50_000 }, 20)).toThrow(OutOfSteps);
    expect(process.cpuUsage(before).user / 1_000).toBeLessThan(100);
  });
});
