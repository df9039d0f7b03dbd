import { beforeEach, expect, test, vi } from "vitest";
import { RedisHealth } from "./redis-health.ts";

const AWAY = new Error("away");

/** What a try of each side finds. */
let works: { reads: boolean; writes: boolean };
/** What the owner was told, in order. */
let told: string[];
let health: RedisHealth;

beforeEach(() => {
  vi.useFakeTimers();
  works = { reads: true, writes: true };
  told = [];
  health = new RedisHealth({
    onFault: () => told.push("fault"),
    onReturn: () => told.push("return"),
    onMended: () => told.push("mended"),
    tryOut: { reads: () => attempt("reads"), writes: () => attempt("writes") },
  });
  return () => {
    health.close();
    vi.useRealTimers();
  };
});

test("returns what the work returns, and rejects with its error", async () => {
  expect(await health.watch("reads", () => Promise.resolve(7))).toBe(7);
  await expect(health.watch("reads", () => Promise.reject(AWAY))).rejects.toBe(AWAY);
});

test("one failed write stops writes at once, and away comes after 3 s", async () => {
  await fail("writes");
  expect([health.takesWrites, health.away]).toEqual([false, false]);
  await vi.advanceTimersByTimeAsync(2_999);
  expect(health.away).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(health.away).toBe(true);
});

test("failed reads lead away as well, while writes are still taken", async () => {
  await fail("reads");
  await vi.advanceTimersByTimeAsync(3_000);
  expect([health.takesWrites, health.away]).toEqual([true, true]);
});

test("the 3 s count from the start of the attempt that failed: a black hole fails late", async () => {
  works.reads = false;
  const failed = health
    .watch("reads", () => new Promise((_resolve, reject) => setTimeout(() => reject(AWAY), 4_000)))
    .catch(() => undefined);
  await vi.advanceTimersByTimeAsync(4_000);
  await failed;
  expect(health.away).toBe(true);
});

test("the owner is told of a fault once, however often and wherever it fails", async () => {
  await fail("writes");
  await fail("writes");
  await fail("reads");
  expect(told).toEqual(["fault"]);
});

test("a side that fails is tried until it works, which ends the outage without anybody's work", async () => {
  await fail("writes");
  await vi.advanceTimersByTimeAsync(3_500);
  works.writes = true;
  await vi.advanceTimersByTimeAsync(250);
  expect([health.takesWrites, health.away]).toEqual([true, false]);
  expect(told).toEqual(["fault", "return", "mended"]);
});

test("a short fault is no return: nobody had turned away", async () => {
  await fail("writes");
  works.writes = true;
  await vi.advanceTimersByTimeAsync(250);
  expect([health.takesWrites, told]).toEqual([true, ["fault", "mended"]]);
});

test("away ends only when both sides work again", async () => {
  await fail("writes");
  await fail("reads");
  await vi.advanceTimersByTimeAsync(3_000);
  works.writes = true;
  await vi.advanceTimersByTimeAsync(250);
  expect([health.takesWrites, health.away, told]).toEqual([true, true, ["fault"]]);
  works.reads = true;
  await vi.advanceTimersByTimeAsync(250);
  expect([health.away, told]).toEqual([false, ["fault", "return", "mended"]]);
});

test("at the start there is no patience: one failed write is away, until writes work", async () => {
  works.writes = false;
  await health.begin(() => attempt("writes"));
  expect([health.takesWrites, health.away, told]).toEqual([false, true, ["fault"]]);
  works.writes = true;
  await vi.advanceTimersByTimeAsync(250);
  expect([health.away, told]).toEqual([false, ["fault", "return", "mended"]]);
});

test("closed, it tries nothing any more", async () => {
  await fail("writes");
  health.close();
  works.writes = true;
  await vi.advanceTimersByTimeAsync(1_000);
  expect(health.takesWrites).toBe(false);
});

async function attempt(side: "reads" | "writes"): Promise<void> {
  await Promise.resolve();
  if (!works[side]) throw AWAY;
}

async function fail(side: "reads" | "writes"): Promise<void> {
  works[side] = false;
  await health.watch(side, () => Promise.reject(AWAY)).catch(() => undefined);
}
