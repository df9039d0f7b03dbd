import { beforeEach, expect, test, vi } from "vitest";
import { BacklogDrain } from "./backlog-drain.ts";

let drain: BacklogDrain;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance"] });
  drain = new BacklogDrain();
  return () => vi.useRealTimers();
});

test("knows of no backlog until a refill leaves one, or a look seems worth while", () => {
  expect([drain.waits, drain.isOurs]).toEqual([false, false]);
  drain.refilled(true);
  expect([drain.waits, drain.isOurs]).toEqual([true, false]);
  drain.refilled(false);
  expect(drain.waits).toBe(false);
  drain.suspect();
  expect([drain.waits, drain.isOurs]).toEqual([true, false]);
});

test("our own runner drains the backlog for a second after each claim that found jobs", () => {
  drain.claimed(500);
  vi.advanceTimersByTime(999);
  expect([drain.waits, drain.isOurs]).toEqual([true, true]);
  vi.advanceTimersByTime(1);
  expect(drain.isOurs).toBe(false);
});

test("while our own runner drains it, a refill that left nothing changes nothing", () => {
  drain.claimed(500);
  drain.refilled(false);
  expect(drain.waits).toBe(true);
  vi.advanceTimersByTime(1_000);
  drain.refilled(false);
  expect(drain.waits).toBe(false);
});

test("a claim that finds nothing ends it, and the next refill may find another", () => {
  drain.claimed(500);
  drain.claimed(0);
  expect(drain.waits).toBe(false);
  drain.refilled(true);
  expect(drain.waits).toBe(true);
});
