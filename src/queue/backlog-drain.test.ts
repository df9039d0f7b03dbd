import { beforeEach, expect, test, vi } from "vitest";
import { BacklogDrain } from "./backlog-drain.ts";

let drain: BacklogDrain;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance"] });
  drain = new BacklogDrain();
  return () => vi.useRealTimers();
});

test("knows of no backlog until a refill leaves one", () => {
  expect([drain.priority, drain.isOurs]).toEqual([undefined, false]);
  drain.refilled(1);
  expect([drain.priority, drain.isOurs]).toEqual([1, false]);
});

test("while others drain the backlog, each refill says what is left of it", () => {
  drain.refilled(0);
  drain.refilled(2);
  expect(drain.priority).toBe(2);
  drain.refilled(undefined);
  expect(drain.priority).toBeUndefined();
});

test("our own runner drains the backlog for a second after each claim that found jobs", () => {
  drain.refilled(1);
  drain.claimed(500);
  vi.advanceTimersByTime(999);
  expect(drain.isOurs).toBe(true);
  vi.advanceTimersByTime(1);
  expect(drain.isOurs).toBe(false);
});

test("while our own runner drains it, a refill that left nothing, or less urgent jobs, changes nothing", () => {
  drain.refilled(1);
  drain.claimed(500);
  drain.refilled(undefined);
  expect(drain.priority).toBe(1);
  drain.refilled(2);
  expect(drain.priority).toBe(1);
  vi.advanceTimersByTime(1_000);
  drain.refilled(undefined);
  expect(drain.priority).toBeUndefined();
});

test("while our own runner drains it, a backlog of a higher priority goes first", () => {
  drain.refilled(1);
  drain.claimed(500);
  drain.refilled(0);
  expect(drain.priority).toBe(0);
});

test("a claim that finds nothing ends it, and the next refill may find another", () => {
  drain.refilled(1);
  drain.claimed(500);
  drain.claimed(0);
  expect(drain.priority).toBeUndefined();
  drain.refilled(2);
  expect(drain.priority).toBe(2);
});
