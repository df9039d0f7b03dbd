import { beforeEach, expect, test, vi } from "vitest";
import { JOB_BATCH_MAX, READY_WINDOW } from "../core/model/limits.ts";
import { ListLengths } from "./list-lengths.ts";

const FULL = READY_WINDOW - JOB_BATCH_MAX + 1;

let known: ListLengths;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance"] });
  known = new ListLengths();
  return () => vi.useRealTimers();
});

test("a list has room as long as a whole batch of submissions fits", () => {
  known.learn({ 0: FULL - 1, 1: FULL });
  expect(known.room).toEqual({ 0: true, 1: false, 2: true });
});

test("what it learns of one list leaves the others as they were", () => {
  known.learn({ 0: 1, 1: 2, 2: 3 });
  known.learn({ 1: 20 });
  expect(known.lengths).toEqual({ 0: 1, 1: 20, 2: 3 });
});

test("that a list is full is doubted once nobody has asked for 250 ms; that there is room is not", () => {
  vi.advanceTimersByTime(1_000);
  expect(known.isDoubtful).toBe(false);
  known.learn({ 2: FULL });
  expect(known.isDoubtful).toBe(true);
  known.ask();
  vi.advanceTimersByTime(250);
  expect(known.isDoubtful).toBe(false);
  vi.advanceTimersByTime(1);
  expect(known.isDoubtful).toBe(true);
});
