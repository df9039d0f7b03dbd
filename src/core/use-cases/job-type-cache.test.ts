import { beforeEach, expect, test, vi } from "vitest";
import { JOB_TYPE_CACHE_MS, JOB_TYPE_READ_AHEAD_MS } from "../model/limits.ts";
import { JOB_TYPE_DEFAULTS, type JobType } from "../model/job-type.ts";
import { JobTypeCache } from "./job-type-cache.ts";

const A_TYPE: JobType = {
  ...JOB_TYPE_DEFAULTS,
  id: "a",
  name: "first",
  processing_logic_id: "echo",
  standard_cost_cents: 1,
  currency: "EUR",
  enabled: true,
  input_schema: null,
  processor_input_schema: null,
  paused_at: null,
  running_limit: null,
  served: true,
  created_at: "2026-01-01T00:00:00.000Z",
  updated_at: "2026-01-01T00:00:00.000Z",
};

/** What the database says now. */
let name: string;
let reads: number;
/** Ends the reads that are under way. */
let answer: (() => void)[];
let cache: JobTypeCache;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  name = "first";
  reads = 0;
  answer = [];
  cache = new JobTypeCache({
    async findByIds(ids) {
      reads += 1;
      const found = ids.map((id): JobType => ({ ...A_TYPE, id, name }));
      await new Promise<void>((resolve) => answer.push(resolve));
      return found;
    },
  });
  const first = cache.findByIds(["a"]);
  await answered();
  await first;
  return () => vi.useRealTimers();
});

test("a job type in use is read again before it is too old, once, and nobody waits for that", async () => {
  vi.advanceTimersByTime(JOB_TYPE_READ_AHEAD_MS);
  expect([nameNow(), reads]).toEqual(["first", 1]);
  name = "second";
  vi.advanceTimersByTime(1);
  expect([nameNow(), nameNow(), reads]).toEqual(["first", "first", 2]);
  await answered();
  expect(nameNow()).toBe("second");
  vi.advanceTimersByTime(JOB_TYPE_CACHE_MS - 1);
  expect([nameNow(), reads]).toEqual(["second", 3]);
});

test("one that was not used for a while is read again, and waited for", async () => {
  vi.advanceTimersByTime(JOB_TYPE_CACHE_MS + 1);
  expect(cache.peek(["a"])).toBeUndefined();
  name = "second";
  const found = cache.findByIds(["a"]);
  await answered();
  expect((await found).get("a")?.name).toBe("second");
});

test("what was read ahead of a change is not kept after it", async () => {
  vi.advanceTimersByTime(JOB_TYPE_READ_AHEAD_MS + 1);
  nameNow();
  cache.forget("a");
  await answered();
  expect(cache.peek(["a"])).toBeUndefined();
});

const nameNow = () => cache.peek(["a"])?.get("a")?.name;

async function answered(): Promise<void> {
  for (const end of answer.splice(0)) end();
  await new Promise((resolve) => void setImmediate(resolve));
}
