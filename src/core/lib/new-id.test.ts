import { expect, test } from "vitest";
import { validate, version } from "uuid";
import { databaseClock } from "./database-clock.ts";
import { newId } from "./new-id.ts";

test("ids are UUIDv7, in order and never the same, however many a millisecond brings", () => {
  // Other tests of this process may have read the clock of their database.
  const before = Math.floor(databaseClock.now());
  const ids = Array.from({ length: 20_000 }, newId);
  expect(ids.every((id) => validate(id) && version(id) === 7)).toBe(true);
  expect(ids).toEqual(ids.toSorted());
  expect(new Set(ids).size).toBe(ids.length);
  const at = Number.parseInt((ids[0] ?? "").replaceAll("-", "").slice(0, 12), 16);
  expect(at).toBeGreaterThanOrEqual(before);
  expect(at).toBeLessThanOrEqual(databaseClock.now());
});
