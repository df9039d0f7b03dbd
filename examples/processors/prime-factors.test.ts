import { commandForTest, runForTest } from "innovation-ecosystem-platform/processors/testing";
import { expect, test } from "vitest";

const primeFactors = await commandForTest(new URL("prime-factors/", import.meta.url));

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
