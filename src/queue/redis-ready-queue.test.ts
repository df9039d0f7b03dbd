import { beforeEach, expect, test } from "vitest";
import { READY_WINDOW } from "../core/model/limits.ts";
import { startRedis } from "../../test/support/redis.ts";
import type { RedisServer } from "../../test/support/redis-server.ts";
import { runSql } from "../../test/support/sql.ts";
import {
  brokenPromises,
  createCustomer,
  createJobType,
  createRunner,
  createTestPlatform,
} from "../../test/support/test-platform.ts";
import { waitFor } from "../../test/support/wait-for.ts";
import type { OpenPlatform } from "../bin/open-platform.ts";
import type { Priority } from "../core/model/job.ts";
import { submitJobs } from "../core/use-cases/submit-jobs.ts";
import { RedisReadyQueue } from "./redis-ready-queue.ts";
import { REFILL_BATCH } from "./refill-lists.ts";

// How the modes follow on each other, on a Redis of this test's own. What each mode does for a runner is in
// ready-queue.test.ts.

let redis: RedisServer;
let platform: OpenPlatform;
let databaseUrl: string;
let queue: RedisReadyQueue;
let runner_id: string;
let job: { customer_id: string; job_type_id: string; input_data: number };

beforeEach(async () => {
  redis = await startRedis();
  ({ platform, databaseUrl } = await createTestPlatform({ redis: { url: redis.url, prefix: "jobs" } }));
  const { readyQueue } = platform;
  if (!(readyQueue instanceof RedisReadyQueue)) throw new Error("not the ready queue on Redis");
  queue = readyQueue;
  runner_id = await createRunner(platform);
  job = {
    customer_id: await createCustomer(platform, 100_000_000),
    job_type_id: await createJobType(platform),
    input_data: 0,
  };
});

test("LISTS: from the start, and as long as a refill leaves nothing behind", async () => {
  expect(queue.mode).toBe("LISTS");
  await submit(10);
  await queue.refill();
  expect(queue.mode).toBe("LISTS");
});

test("LISTS: a claim that waits hears a ring at any time, also when another began to listen long before", async () => {
  // The connection that listens rings once when it opens.
  expect([await claim(5), await claim(5)]).toEqual([[], []]);
  const [first] = await Promise.all([queue.claim({ runner_id, max: 5, wait_ms: 300 }), submit(1)]);
  expect(first).toHaveLength(1);
  const began_at = performance.now();
  const claimed = queue.claim({ runner_id, max: 5, wait_ms: 20_000 });
  await waitFor(() => performance.now() - began_at > 500, { describe: "the first claim to be long over" });
  await runSql(databaseUrl, "NOTIFY iep_jobs");
  // It looks in PostgreSQL at once.
  expect(await claimed).toEqual([]);
  expect(performance.now() - began_at).toBeLessThan(10_000);
});

test("BACKLOG: from the refill that leaves jobs behind to the claim that finds none", async () => {
  await submitMoreThanTheWindow(100);
  expect(queue.mode).toBe("LISTS");
  await queue.refill();
  expect(queue.mode).toBe("BACKLOG");
  let claimed = 0;
  while (queue.mode === "BACKLOG") claimed += (await claim(1_000)).length;
  expect(claimed).toBe(READY_WINDOW + 100);
  expect(queue.mode).toBe("LISTS");
});

test("BACKLOG: also ends with a refill that leaves nothing behind, when another runner drained it", async () => {
  await submitMoreThanTheWindow(REFILL_BATCH - 1);
  await queue.refill();
  expect(queue.mode).toBe("BACKLOG");
  expect(await claimElsewhere(REFILL_BATCH)).toHaveLength(REFILL_BATCH);
  await queue.refill();
  expect(queue.mode).toBe("LISTS");
});

test("BACKLOG: runners that drain it refill the lists once a second together, others whenever they look", async () => {
  await submitMoreThanTheWindow(4 * REFILL_BATCH);
  const drained = [queue, await queueElsewhere()] as const;
  for (const one of drained)
    expect(await one.claim({ runner_id, max: 1_000, wait_ms: 100 })).toHaveLength(1_000);
  expect(await queue.lengths()).toMatchObject({ 1: READY_WINDOW - 2_000 });
  await Promise.all(drained.map((one) => one.refill()));
  expect(await queue.lengths()).toMatchObject({ 1: READY_WINDOW - 2_000 + REFILL_BATCH });
  const onlooker = await queueElsewhere();
  await onlooker.refill();
  expect(await queue.lengths()).toMatchObject({ 1: READY_WINDOW - 2_000 + 2 * REFILL_BATCH });
});

test("AWAY: hides the mode there was, which goes on once Redis is back", async () => {
  await submitMoreThanTheWindow(100);
  await queue.refill();
  await redis.stop("SIGKILL");
  await queue.refill();
  expect(queue.mode).toBe("BACKLOG"); // 3 s of patience.
  await waitFor(() => queue.mode === "AWAY", { describe: "the end of the patience" });
  expect(await claim(10)).toHaveLength(10);
  await startRedis({ port: redis.port });
  await waitFor(() => queue.mode === "BACKLOG", { describe: "Redis to be trusted again" });
  expect(await brokenPromises(platform)).toEqual([]);
});

test("push and refill: while writes fail nothing is stamped or pushed, whatever the mode", async () => {
  await redis.stop("SIGKILL");
  await queue.refill();
  expect(queue.mode).toBe("LISTS");
  expect(queue.room()).toEqual({ 0: false, 1: false, 2: false });
  await submit(3);
  await queue.refill();
  expect((await platform.waitingJobs.overview())[1]).toMatchObject({ ready: 0, backlog: 3 });
});

async function submit(count: number, priority: Priority = 1): Promise<void> {
  await submitJobs(
    platform,
    Array.from({ length: count }, () => ({ ...job, priority })),
  );
}

/** The list is full of the first, so that the others wait in the backlog. */
async function submitMoreThanTheWindow(others: number): Promise<void> {
  await submit(READY_WINDOW);
  await submit(others);
}

async function claim(max: number) {
  return await queue.claim({ runner_id, max, wait_ms: 100 });
}

/** As the runner of another process, which knows of no backlog: it takes what is in the lists. */
async function claimElsewhere(max: number) {
  return await (await queueElsewhere()).claim({ runner_id, max, wait_ms: 100 });
}

async function queueElsewhere() {
  const other = await createTestPlatform({ databaseUrl, redis: { url: redis.url, prefix: "jobs" } });
  return other.platform.readyQueue;
}
