import { expect, test } from "vitest";
import { retryDelayMs } from "./backoff.ts";

test("delays double from one second up to ten minutes", () => {
  expect([1, 2, 3, 4].map((failures) => retryDelayMs(failures, 0.5))).toEqual([1_000, 2_000, 4_000, 8_000]);
  expect(retryDelayMs(50, 0.5)).toBe(600_000);
});

test("jitter spreads a delay from half to one and a half", () => {
  expect(retryDelayMs(1, 0)).toBe(500);
  expect(retryDelayMs(1, 1)).toBe(1_500);
});
