import { fileURLToPath } from "node:url";
import { runForTest } from "innovation-ecosystem-platform/processors/testing";
import { beforeAll, expect, test } from "vitest";
import type { Processor } from "../../src/processors/sdk/processor.ts";
import { readProcessorJson } from "../../src/processors/subprocess/processor-json.ts";

let primeFactors: Processor;

beforeAll(async () => {
  const file = new URL("prime-factors/processor.json", import.meta.url);
  primeFactors = await readProcessorJson(fileURLToPath(file));
});

test.each([
  [1, []],
  [2, [2]],
  [4, [2, 2]],
  [97, [97]],
  [360, [2, 2, 2, 3, 3, 5]],
  [9_999_999_999_971, [9_999_999_999_971]],
  [1_000_003 * 1_000_003, [1_000_003, 1_000_003]],
])("%d is taken apart", async (n, factors) => {
  expect(await runForTest(primeFactors, { n })).toEqual({ n, factors });
});

test.each([{ n: 0 }, { n: -1 }, { n: 1.5 }, { n: "7" }, { n: 1e13 }, {}, null])(
  "the input %j is refused",
  async (input) => {
    await expect(runForTest(primeFactors, input)).rejects.toMatchObject({ code: "input_invalid" });
  },
);
