import { expect, test } from "vitest";
import { weave } from "./weave.ts";

test("gaps are filled in order, and what is known stays", () => {
  expect(weave(["a", undefined, "c", undefined], ["b", "d"])).toEqual(["a", "b", "c", "d"]);
  expect(weave([], [])).toEqual([]);
});

test("as many results as gaps, or it throws", () => {
  expect(() => weave([undefined, undefined], ["a"])).toThrow("only 1 results");
  expect(() => weave(["a", undefined], ["b", "c"])).toThrow("2 results, more than gaps");
});
