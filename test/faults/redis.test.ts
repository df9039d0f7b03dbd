import { setTimeout as wait } from "node:timers/promises";
import { Redis } from "ioredis";
import { v7 as uuidv7 } from "uuid";
import { describe, expect, test } from "vitest";
import { PUSH_TIMEOUT_MS, READY_WINDOW } from "../../src/core/model/limits.ts";
import type { OpenPlatform } from "../../src/bin/open-platform.ts";
import { submitJobs } from "../../src/core/use-cases/submit-jobs.ts";
import { atTheEnd } from "../support/cleanup.ts";
import {
  percentile,
  startConsumer,
  startSubmitter,
  timed,
  type Consumer,
  type Submitter,
} from "../support/load.ts";
import { PATIENCE_MS } from "../support/patience.ts";
import { startRedis } from "../support/redis.ts";
import { startTcpProxy } from "../support/tcp-proxy.ts";
import {
  brokenPromises,
  createCustomer,
  createJobType,
  createTestPlatform,
} from "../support/test-platform.ts";
import { startRefill } from "../support/upkeep.ts";
import { waitFor } from "../support/wait-for.ts";

// Whatever happens to Redis, no accepted job is lost, submissions do not wait for it, and runners go on. Each
// test prints its figure.

/** Long outages are tested by `npm run verify:long`. */
const isLong = process.env["LONG_TESTS"] === "1";
const RATE = 200;
const BASE_MS = 3_000;
const FUNDS_CENTS = 1_000_000_000;

interface Stack {
  /** Like two processes: neither knows what the other knows of Redis. */
  readonly api: OpenPlatform;
  readonly runner: OpenPlatform;
  readonly databaseUrl: string;
  readonly customer_id: string;
  readonly job_type_id: string;
}

describe("Redis is wiped", () => {
  test("50,000 pending, FLUSHALL: the lists are full again within 5 s", async () => {
    const { url } = await startRedis();
    const stack = await createStack(url);
    await submitMany(stack, 50_000);
    startRefill(stack.runner);
    const redis = connect(url);
    const listsAreFull = () =>
      waitFor(async () => (await lengthOfLists(redis)) >= 3 * READY_WINDOW, { describe: "full lists" });
    await listsAreFull();
    await stampsAreOld();
    await redis.flushall();
    const took_ms = await timed(listsAreFull);
    const overview = await stack.api.waitingJobs.overview();
    const waiting = overview.reduce((sum, { ready, backlog }) => sum + ready + backlog, 0);
    console.log(
      `FLUSHALL with 50,000 pending: ${3 * READY_WINDOW} ids queued again after ${took_ms} ms (at most 5000), ${50_000 - waiting} lost`,
    );
    expect(waiting).toBe(50_000);
    expect(took_ms).toBeLessThanOrEqual(5_000);
  });

  test("ids popped by a runner that died before its claim run within 15 s, while others come and go", async () => {
    const { url } = await startRedis();
    const stack = await createStack(url);
    startRefill(stack.runner);
    const redis = connect(url);
    const ids = await submitMany(stack, 300);
    const popped = await redis.lpop("jobs:p0:pending", 50);
    const popped_at = performance.now();
    const submitter = startSubmitter(stack.api, jobOf(stack), RATE);
    const consumer = await startConsumer(stack.runner);
    await allDone(consumer, ids);
    const took_ms = Math.round(
      Math.max(...(popped ?? []).map((id) => consumer.done_at.get(id) ?? Infinity)) - popped_at,
    );
    console.log(`popped and never claimed: 50 jobs ran after ${took_ms} ms at most (at most 15000)`);
    expect(took_ms).toBeLessThanOrEqual(15_000);
    await finish(stack, consumer, submitter);
  });

  test("it comes back with old, foreign and broken ids: every job runs once", async () => {
    const { url } = await startRedis();
    const stack = await createStack(url);
    startRefill(stack.runner);
    const consumer = await startConsumer(stack.runner);
    const old = await submitMany(stack, 1_000);
    await allDone(consumer, old);
    const redis = connect(url);
    const strangers = Array.from({ length: 20_000 }, () => uuidv7());
    await redis.rpush(
      "jobs:p1:pending",
      ...old,
      ...strangers,
      "",
      "\u0000",
      "../../etc/passwd",
      "x".repeat(1_000_000),
    );
    await redis.set("jobs:probe", "a string where a list should be");
    const took_ms = await timed(async () => allDone(consumer, await submitMany(stack, 1_000)));
    console.log(
      `21,000 stale ids before 1,000 jobs: all ran after ${took_ms} ms, ${consumer.repeated} twice`,
    );
    expect(consumer.repeated).toBe(0);
    expect(await brokenPromises(stack.api)).toEqual([]);
  });
});

describe("Redis is gone", () => {
  test(`for ${isLong ? 20 : 6} s under ${RATE} jobs/s: nothing refused or lost, runners go on, and go back by themselves`, async () => {
    const first = await startRedis();
    const stack = await createStack(first.url);
    startRefill(stack.runner);
    const { consumer, submitter, before } = await underLoad(stack);
    const gone_at = performance.now();
    await first.stop("SIGKILL");
    await wait(isLong ? 20_000 : 6_000);
    const during = rateSince(consumer, gone_at);
    const second = await startRedis({ port: first.port });
    const back_ms = await untilConsuming(second.url, 0);
    await finish(stack, consumer, submitter);
    report("Redis gone", { before, during, back_ms, submitter });
    expect(during).toBeGreaterThanOrEqual(0.6 * before);
    expect(back_ms).toBeLessThanOrEqual(5_000);
  });

  test(`behind a black hole for ${isLong ? 30 : 6} s: the same, and no socket is waited for`, async () => {
    const { url } = await startRedis();
    const proxy = await startTcpProxy(url);
    const stack = await createStack(proxy.url);
    startRefill(stack.runner);
    const { consumer, submitter, before } = await underLoad(stack);
    const gone_at = performance.now();
    proxy.blackHole();
    await wait(isLong ? 30_000 : 6_000);
    const during = rateSince(consumer, gone_at);
    const pops = await popCount(connect(url));
    proxy.heal();
    const back_ms = await untilConsuming(url, pops);
    await finish(stack, consumer, submitter);
    report("Redis behind a black hole", { before, during, back_ms, submitter });
    expect(during).toBeGreaterThanOrEqual(0.6 * before);
    expect(back_ms).toBeLessThanOrEqual(5_000);
  });
});

describe("Redis is bad", () => {
  test("every answer takes 500 ms: submissions wait for one push at most, and jobs run", async () => {
    const { url } = await startRedis();
    const proxy = await startTcpProxy(url);
    const stack = await createStack(proxy.url);
    startRefill(stack.runner);
    const { consumer, submitter } = await underLoad(stack);
    const normal = percentile(waits(submitter), 0.99);
    const slow_at = performance.now();
    proxy.delayAnswers(500);
    await wait(4_000);
    const slow = waits(submitter, slow_at);
    const late = slow.filter((ms) => ms > PUSH_TIMEOUT_MS).length;
    console.log(
      `Redis slow by 500 ms: submissions p50 ${percentile(slow, 0.5).toFixed(0)} ms, p99 ${percentile(slow, 0.99).toFixed(0)} ms, slowest ${Math.max(...slow).toFixed(0)} ms (before p99 ${normal.toFixed(0)} ms)`,
    );
    await finish(stack, consumer, submitter);
    expect(percentile(slow, 0.99)).toBeLessThanOrEqual(PUSH_TIMEOUT_MS + Math.max(normal, 50));
    // Those that came while the one push was tried, and no more.
    expect(late).toBeLessThanOrEqual(RATE);
  });

  test("out of memory: nothing is refused, jobs run, and when there is memory again Redis is used again", async () => {
    const { url } = await startRedis();
    const stack = await createStack(url);
    startRefill(stack.runner);
    const { consumer, submitter, before } = await underLoad(stack);
    const redis = connect(url);
    await redis.config("SET", "maxmemory", "1mb");
    await expect(redis.lpush("jobs:full", "x")).rejects.toThrow("OOM");
    const full_at = performance.now();
    await wait(6_000);
    const during = rateSince(consumer, full_at);
    const pops = await popCount(redis);
    await redis.config("SET", "maxmemory", "0");
    const back_ms = await untilConsuming(url, pops);
    await finish(stack, consumer, submitter);
    report("Redis out of memory", { before, during, back_ms, submitter });
    expect(during).toBeGreaterThanOrEqual(0.6 * before);
    expect(back_ms).toBeLessThanOrEqual(5_000);
  });

  test("evicting whatever is pushed: jobs run", async () => {
    const { url } = await startRedis({
      args: ["--maxmemory", "1mb", "--maxmemory-policy", "allkeys-random"],
    });
    const stack = await createStack(url);
    startRefill(stack.runner);
    const consumer = await startConsumer(stack.runner);
    const took_ms = await timed(async () => allDone(consumer, await submitMany(stack, 2_000)));
    console.log(`Redis evicts every list: 2,000 jobs ran after ${took_ms} ms`);
    expect(await brokenPromises(stack.api)).toEqual([]);
  });
});

async function createStack(redisUrl: string): Promise<Stack> {
  const redis = { url: redisUrl, prefix: "jobs" };
  const { platform: api, databaseUrl } = await createTestPlatform({ redis });
  const { platform: runner } = await createTestPlatform({ redis, databaseUrl });
  const customer_id = await createCustomer(api, FUNDS_CENTS);
  const job_type_id = await createJobType(api);
  return { api, runner, databaseUrl, customer_id, job_type_id };
}

function jobOf({ customer_id, job_type_id }: Stack) {
  return { customer_id, job_type_id, input_data: 0 };
}

/** In three priorities; every one must be accepted. */
async function submitMany(stack: Stack, count: number): Promise<string[]> {
  const ids: string[] = [];
  while (ids.length < count) {
    const jobs = Array.from({ length: Math.min(count - ids.length, 5_000) }, (_, n) => ({
      ...jobOf(stack),
      priority: (n % 3) as 0 | 1 | 2,
    }));
    for (const one of await submitJobs(stack.api, jobs)) {
      if ("refused" in one) throw one.refused;
      ids.push(one.job.id);
    }
  }
  return ids;
}

/** 200 jobs/s for some seconds, all run as they come; answers how many a second. */
async function underLoad(stack: Stack) {
  const consumer = await startConsumer(stack.runner);
  const submitter = startSubmitter(stack.api, jobOf(stack), RATE);
  await waitFor(() => consumer.done_at.size > 0, { describe: "the first job" });
  const started_at = performance.now();
  await wait(BASE_MS);
  return { consumer, submitter, before: rateSince(consumer, started_at) };
}

/** Everything accepted has run, once, and every cent is accounted for. */
async function finish(stack: Stack, consumer: Consumer, submitter: Submitter): Promise<void> {
  await submitter.stop();
  expect(submitter.refused).toEqual([]);
  await allDone(consumer, [...submitter.accepted.keys()]);
  expect(consumer.repeated).toBe(0);
  expect(await brokenPromises(stack.api)).toEqual([]);
}

async function allDone(consumer: Consumer, ids: readonly string[]): Promise<void> {
  const missing = () => ids.filter((id) => !consumer.done_at.has(id)).length;
  await waitFor(() => missing() === 0, {
    timeoutMs: PATIENCE_MS,
    describe: () => `${missing()} jobs to be done`,
  });
}

function rateSince(consumer: Consumer, since: number): number {
  const done = [...consumer.done_at.values()].filter((at) => at >= since).length;
  return (done / (performance.now() - since)) * 1_000;
}

function waits(submitter: Submitter, since = 0): number[] {
  return [...submitter.accepted.values()].filter(({ at }) => at >= since).map(({ took_ms }) => took_ms);
}

function report(
  fault: string,
  figures: { before: number; during: number; back_ms: number; submitter: Submitter },
): void {
  const { before, during, back_ms, submitter } = figures;
  console.log(
    `${fault}: ${during.toFixed(0)} jobs/s of ${before.toFixed(0)} before, back on Redis after ${back_ms} ms (at most 5000), ${submitter.refused.length} of ${submitter.accepted.size} submissions refused, slowest ${Math.max(...waits(submitter)).toFixed(0)} ms`,
  );
}

function connect(url: string): Redis {
  const redis = new Redis(url);
  redis.on("error", () => undefined);
  atTheEnd(() => Promise.resolve(redis.disconnect()));
  return redis;
}

async function lengthOfLists(redis: Redis): Promise<number> {
  const lengths = await Promise.all([0, 1, 2].map((priority) => redis.llen(`jobs:p${priority}:pending`)));
  return lengths.reduce((sum, length) => sum + length, 0);
}

/** How often anybody popped. */
async function popCount(redis: Redis): Promise<number> {
  const stats = await redis.info("commandstats");
  return [...stats.matchAll(/cmdstat_b?lmpop:calls=(\d+)/g)].reduce(
    (sum, [, calls]) => sum + Number(calls),
    0,
  );
}

async function untilConsuming(url: string, popsBefore: number): Promise<number> {
  const redis = connect(url);
  return await timed(() =>
    waitFor(async () => (await popCount(redis)) > popsBefore, { describe: "pops", timeoutMs: 15_000 }),
  );
}

/** Jobs stamped within the last 2 s count as on their way. The worst case is a wipe of ids that are older. */
async function stampsAreOld(): Promise<void> {
  await wait(2_000);
}
