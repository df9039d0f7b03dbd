import { expect, test } from "vitest";
import { createDatabaseClock } from "./database-clock.ts";
import { createIdSource } from "./new-id.ts";

const HOUR_MS = 3_600_000;

function timeOf(id: string): number {
  return Number.parseInt(id.replaceAll("-", "").slice(0, 12), 16);
}

/** As a database whose clock is `ahead_ms` before this host's answers at once, or after `took_ms`. */
function reading(ahead_ms: number, took_ms = 0) {
  const answered_at = performance.now();
  return { database_ms: Date.now() + ahead_ms, asked_at: answered_at - took_ms, answered_at };
}

test("until the database has answered, the time is this host's", () => {
  const clock = createDatabaseClock();
  expect(clock.isKnown).toBe(false);
  expect(clock.hostAheadMs()).toBeUndefined();
  expect(Math.abs(clock.now() - Date.now())).toBeLessThan(50);
});

test.each([-HOUR_MS, HOUR_MS])("the database's time decides when this host differs by %i ms", (ahead_ms) => {
  const clock = createDatabaseClock();
  clock.read(reading(ahead_ms));
  expect(Math.abs(clock.now() - Date.now() - ahead_ms)).toBeLessThan(50);
  expect(Math.abs((clock.hostAheadMs() ?? 0) + ahead_ms)).toBeLessThan(50);
});

test("a slow answer makes no clock jump, and one that cannot be true corrects it", () => {
  const clock = createDatabaseClock();
  clock.read(reading(0));
  clock.read(reading(-400, 1_000));
  expect(Math.abs(clock.now() - Date.now())).toBeLessThan(50);
  clock.read(reading(10_000, 20));
  expect(Math.abs(clock.now() - Date.now() - 10_000)).toBeLessThan(70);
});

test("ids follow the database, in order, also when this host was an hour ahead before it answered", () => {
  const clock = createDatabaseClock();
  const nextId = createIdSource(clock);
  expect(Math.abs(timeOf(nextId()) - Date.now())).toBeLessThan(1_000);
  clock.read(reading(-HOUR_MS));
  const ids = Array.from({ length: 1_000 }, nextId);
  expect(Math.abs(timeOf(ids[0] ?? "") - (Date.now() - HOUR_MS))).toBeLessThan(1_000);
  clock.read(reading(-HOUR_MS - 30_000));
  ids.push(...Array.from({ length: 1_000 }, nextId));
  expect(ids).toEqual(ids.toSorted());
  expect(new Set(ids).size).toBe(ids.length);
});

test("a clock that was years ahead for a moment leaves no mark on the ids that follow", () => {
  const clock = createDatabaseClock();
  const nextId = createIdSource(clock);
  clock.read(reading(0));
  nextId();
  clock.read(reading(50_000 * HOUR_MS));
  expect(timeOf(nextId()) - Date.now()).toBeGreaterThan(49_999 * HOUR_MS);
  clock.read(reading(0));
  const ids = Array.from({ length: 1_000 }, nextId);
  expect(Math.abs(timeOf(ids[0] ?? "") - Date.now())).toBeLessThan(1_000);
  expect(ids).toEqual(ids.toSorted());
});
