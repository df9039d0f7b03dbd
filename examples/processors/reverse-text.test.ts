import { runForTest } from "innovation-ecosystem-platform/processors/testing";
import { expect, test } from "vitest";
import reverseText from "./reverse-text.ts";

test("a text comes back reversed", async () => {
  expect(await runForTest(reverseText, { text: "stressed" })).toEqual({ text: "desserts" });
});

test("characters of several code points stay whole", async () => {
  expect(await runForTest(reverseText, { text: "a👩‍🚀e\u0301" })).toEqual({ text: "e\u0301👩‍🚀a" });
});

test("another field is refused", async () => {
  await expect(runForTest(reverseText, { text: "a", loud: true })).rejects.toThrow(/loud/);
});
