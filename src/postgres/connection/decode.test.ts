import { expect, test } from "vitest";
import { known, oneOf, onlyRow, unexpectedNull } from "./decode.ts";

test("a NULL that a header rules out names the function and the column", () => {
  expect(() => unexpectedNull("claim_jobs", "priority")).toThrow(
    "claim_jobs returned NULL in priority, which its header rules out",
  );
});

test("a value that is known passes, also when it is falsy; null does not", () => {
  expect([known(0, "seq"), known("", "reason"), known(false, "due")]).toEqual([0, "", false]);
  expect(() => known(null, "seq")).toThrow("a row has no seq");
});

test("one row is the only row; none or two are an error", () => {
  expect(onlyRow("age_jobs", ["row"])).toBe("row");
  expect(() => onlyRow("age_jobs", [])).toThrow("age_jobs returned 0 rows instead of one");
  expect(() => onlyRow("age_jobs", ["row", "row"])).toThrow("age_jobs returned 2 rows instead of one");
});

test("a word is one of those that are known, or an error", () => {
  expect(oneOf(["cancelled", "unknown"], "unknown", "cancel_job")).toBe("unknown");
  expect(() => oneOf(["cancelled"], "Cancelled", "cancel_job")).toThrow(
    "cancel_job returned the unknown word Cancelled",
  );
});
