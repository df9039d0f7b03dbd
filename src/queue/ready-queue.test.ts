import { Redis } from "ioredis";
import { v7 as uuidv7 } from "uuid";
import { beforeEach, describe, expect, test } from "vitest";
import { READY_WINDOW } from "../core/model/limits.ts";
import { atTheEnd } from "../../test/support/cleanup.ts";
import { PATIENCE_MS } from "../../test/support/patience.ts";
import { redisNamespace, startRedis } from "../../test/support/redis.ts";
import {
  brokenPromises,
  createCustomer,
  createJobType,
  createRunner,
  createTestPlatform,
} from "../../test/support/test-platform.ts";
import { waitFor } from "../../test/support/wait-for.ts";
import type { OpenPlatform } from "../bin/open-platform.ts";
import { submitJobs } from "../core/use-cases/submit-jobs.ts";
import { ageing } from "../upkeep/ageing.ts";

let platform: OpenPlatform;
let customer_id: string;
let job_type_id: string;
let runner_id: string;

const backends = [
  { name: "Redis", redis: async () => redisNamespace() },
  { name: "Redis before 7, which has no BLMPOP", redis: redisBeforeSeven },
  { name: "PostgreSQL", redis: async () => undefined },
];

describe.each(backends)("the ready queue on $name", ({ redis }) => {
  beforeEach(async () => {
    const namespace = await redis();
    ({ platform } = await createTestPlatform(namespace ? { redis: namespace } : {}));
    customer_id = await createCustomer(platform);
    job_type_id = await createJobType(platform);
    runner_id = await createRunner(platform);
  });

  test("hands out high before medium before low, and the oldest first within one", async () => {
    const ids = await submit([2, 1, 0, 2, 1, 0]);
    const claimed = await claim(10);
    expect(claimed.map(({ id }) => ids.indexOf(id))).toEqual([2, 5, 1, 4, 0, 3]);
  });

  test("never hands out more than asked for", async () => {
    await submit([0, 0, 1, 1, 2]);
    expect(await claim(3)).toHaveLength(3);
    expect(await claim(3)).toHaveLength(2);
  });

  test("hands a job out once, however many ask", async () => {
    const ids = await submit(Array.from({ length: 200 }, () => 1));
    const claims = await Promise.all(Array.from({ length: 5 }, () => claim(100)));
    claims.push(await claim(1_000));
    const claimed = claims.flat().map(({ id }) => id);
    expect(claimed.toSorted()).toEqual(ids.toSorted());
  });

  test("wakes a claim that waits when a job comes", async () => {
    const started_at = performance.now();
    const waiting = platform.readyQueue.claim({ runner_id, max: 5, wait_ms: 10_000 });
    await submit([1]);
    expect(await waiting).toHaveLength(1);
    expect(performance.now() - started_at).toBeLessThan(5_000);
  });

  test("returns nothing after the wait when nothing comes", async () => {
    expect(await platform.readyQueue.claim({ runner_id, max: 5, wait_ms: 50 })).toEqual([]);
  });

  test("ends a wait when it is told to, and loses nothing by it", async () => {
    const waiting = platform.readyQueue.claim({ runner_id, max: 5, wait_ms: 20_000 });
    let ended = false;
    void waiting.then(() => (ended = true));
    await waitFor(
      async () => {
        await platform.readyQueue.wake();
        return ended;
      },
      { describe: "the wait to end" },
    );
    expect(await waiting).toEqual([]);
    await submit([1]);
    expect(await claim(5)).toHaveLength(1);
  });

  test("refill brings a scheduled job in when its time has come, and not before", async () => {
    const soon = new Date(Date.now() + 400).toISOString();
    await submitJobs(platform, [{ customer_id, job_type_id, input_data: 1, run_at: soon }]);
    await platform.readyQueue.refill();
    expect(await claim(5)).toEqual([]);
    const claimed = await waitFor(
      async () => {
        await platform.readyQueue.refill();
        const jobs = await claim(5);
        return jobs.length > 0 && jobs;
      },
      { describe: "the scheduled job" },
    );
    expect(claimed).toHaveLength(1);
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(soon));
  });

  test("what has waited long moves up, and at last goes before newer jobs; its own priority stays", async () => {
    const [low = ""] = await submit([2]);
    const upkeep = ageing(platform.waitingJobs, 0.5);
    await waitFor(
      async () => {
        await upkeep.runOnce();
        await refillAll();
        // More high ones come than run: without ageing its turn would never come.
        await submit([0, 0]);
        return (await claim(1))[0]?.id === low;
      },
      { describe: "the low job's turn" },
    );
    expect(await platform.jobs.findById(low)).toMatchObject({ status: "running", priority: 2 });
    expect(await brokenPromises(platform)).toEqual([]);
  });

  test("ageing leaves alone what has not waited long enough, and does nothing when it is off", async () => {
    const ids = await submit([2, 1, 0]);
    await ageing(platform.waitingJobs, 300).runOnce();
    await ageing(platform.waitingJobs, 0).runOnce();
    expect((await claim(10)).map(({ id }) => ids.indexOf(id))).toEqual([2, 1, 0]);
  });

  test("many refills at once leave every job to be claimed exactly once", async () => {
    const past = new Date(Date.now() + 50).toISOString();
    await submitJobs(
      platform,
      Array.from({ length: 300 }, () => ({ customer_id, job_type_id, input_data: 1, run_at: past })),
    );
    const claimed: string[] = [];
    await waitFor(
      async () => {
        await Promise.all(Array.from({ length: 4 }, () => platform.readyQueue.refill()));
        claimed.push(...(await claim(1_000)).map(({ id }) => id));
        return claimed.length >= 300;
      },
      { describe: () => `300 jobs, got ${claimed.length}` },
    );
    await platform.readyQueue.refill();
    claimed.push(...(await claim(1_000)).map(({ id }) => id));
    expect(new Set(claimed).size).toBe(300);
    expect(claimed).toHaveLength(300);
    expect(await brokenPromises(platform)).toEqual([]);
  });
});

describe("the Redis lists, as a foreign program sees them", () => {
  let redis: Redis;
  let namespace: ReturnType<typeof redisNamespace>;
  let key: (priority: number) => string;

  beforeEach(async () => {
    namespace = redisNamespace();
    ({ platform } = await createTestPlatform({ redis: namespace }));
    customer_id = await createCustomer(platform);
    job_type_id = await createJobType(platform);
    runner_id = await createRunner(platform);
    redis = new Redis(namespace.url);
    atTheEnd(() => Promise.resolve(redis.disconnect()));
    key = (priority) => `${namespace.prefix}:p${priority}:pending`;
  });

  test("hold exactly the submitted ids, the newest on the left", async () => {
    const ids = await submit([0, 0, 0, 2]);
    expect(await redis.lrange(key(0), 0, -1)).toEqual(ids.slice(0, 3).toReversed());
    expect(await redis.lrange(key(1), 0, -1)).toEqual([]);
    expect(await redis.lrange(key(2), 0, -1)).toEqual(ids.slice(3));
  });

  test("a foreign consumer's BRPOP gets the oldest of the highest priority", async () => {
    const ids = await submit([1, 0, 0]);
    expect(await redis.brpop(key(0), key(1), key(2), 1)).toEqual([key(0), ids[1]]);
  });

  test("an id pushed again, in another list, in capitals, or unknown, is run once or not at all", async () => {
    const [id = ""] = await submit([1]);
    await redis.lpush(key(0), id.toUpperCase(), uuidv7(), "not an id", id);
    await redis.lpush(key(2), id);
    const claimed = [...(await claim(100)), ...(await claim(100))];
    expect(claimed.map((job) => job.id)).toEqual([id]);
    expect(await platform.readyQueue.lengths()).toEqual({ 0: 0, 1: 0, 2: 0 });
  });

  test("a list that is wiped is filled again with what still waits", async () => {
    const ids = await submit([0, 1, 2, 2]);
    await redis.del(key(0), key(1), key(2));
    await waitFor(
      async () => {
        await platform.readyQueue.refill();
        return (await redis.llen(key(2))) === 2;
      },
      { describe: "the ids to come back" },
    );
    expect((await claim(10)).map((job) => job.id).toSorted()).toEqual(ids.toSorted());
  });

  test("an id popped by somebody who then died comes back", async () => {
    const [id = ""] = await submit([1]);
    await redis.rpop(key(1));
    await waitFor(
      async () => {
        await platform.readyQueue.refill();
        return (await redis.lrange(key(1), 0, -1)).includes(id);
      },
      { describe: "the popped id" },
    );
  });

  test("a claim that found the lists empty for its whole wait takes what waits all the same", async () => {
    const ids = await submit([1, 0, 2]);
    await redis.del(key(0), key(1), key(2));
    expect((await claim(10)).map((job) => ids.indexOf(job.id))).toEqual([1, 0, 2]);
  });

  test("ids popped for a claim that then failed are put back in their order", async () => {
    const ids = await submit([1, 0, 1, 0]);
    const broken = await createTestPlatform({
      databaseUrl: "postgres://nobody@127.0.0.1:1/none",
      redis: namespace,
    });
    await expect(
      broken.platform.readyQueue.claim({ runner_id: uuidv7(), max: 10, wait_ms: 100 }),
    ).rejects.toMatchObject({ code: "unavailable" });
    expect((await claim(10)).map((job) => ids.indexOf(job.id))).toEqual([1, 3, 0, 2]);
  });

  test("beyond the window jobs wait in the backlog, and refill tops the list up", async () => {
    const jobs = Array.from({ length: READY_WINDOW + 1_500 }, () => ({
      customer_id,
      job_type_id,
      input_data: 0,
    }));
    await submitJobs(platform, jobs.slice(0, READY_WINDOW));
    await submitJobs(platform, jobs.slice(READY_WINDOW));
    expect(await redis.llen(key(1))).toBe(READY_WINDOW);
    expect((await platform.waitingJobs.overview())[1]).toMatchObject({ ready: READY_WINDOW, backlog: 1_500 });
    await claim(1_000);
    // While our own runner takes jobs in turns, a refill is one round.
    await waitFor(
      async () => {
        await refillAll();
        return (await redis.llen(key(1))) === READY_WINDOW;
      },
      { describe: "a full list" },
    );
  });

  test("a runner that empties the lists has the backlog brought in without waiting for the next round of upkeep", async () => {
    const total = READY_WINDOW + 4_000;
    await submitJobs(
      platform,
      Array.from({ length: READY_WINDOW }, () => ({ customer_id, job_type_id, input_data: 0 })),
    );
    await submitJobs(
      platform,
      Array.from({ length: 4_000 }, () => ({ customer_id, job_type_id, input_data: 0 })),
    );
    await platform.readyQueue.refill();
    let claimed = 0;
    await waitFor(
      async () => {
        const jobs = await platform.readyQueue.claim({ runner_id, max: 1_000, wait_ms: 2_000 });
        claimed += jobs.length;
        return claimed >= total;
      },
      { timeoutMs: PATIENCE_MS, describe: () => `${total} jobs, got ${claimed}` },
    );
    expect(claimed).toBe(total);
  });

  test("a backlog goes before less urgent jobs that stand in the lists", async () => {
    const low = await submitJobs(
      platform,
      Array.from({ length: 10 }, () => ({ customer_id, job_type_id, input_data: 0, priority: 2 as const })),
    );
    for (const count of [READY_WINDOW, 1_000])
      await submitJobs(
        platform,
        Array.from({ length: count }, () => ({ customer_id, job_type_id, input_data: 0 })),
      );
    await platform.readyQueue.refill();
    const priorities: number[] = [];
    await waitFor(async () => {
      priorities.push(...(await claim(1_000)).map(({ priority }) => priority));
      return priorities.length === READY_WINDOW + 1_000 + low.length;
    });
    expect(priorities.findIndex((priority) => priority === 2)).toBe(READY_WINDOW + 1_000);
  });

  test("while our own runner takes the backlog, a refill moves one batch of it and no more", async () => {
    for (const count of [READY_WINDOW, 4_000])
      await submitJobs(
        platform,
        Array.from({ length: count }, () => ({ customer_id, job_type_id, input_data: 0 })),
      );
    await platform.readyQueue.refill();
    const listed = (): Promise<number> => redis.llen(key(1));
    while ((await listed()) > 0) await claim(1_000);
    expect(await claim(500)).toHaveLength(500);
    expect(await listed()).toBe(0);
    expect(await platform.readyQueue.refill()).toBe(false);
    expect(await listed()).toBe(500);
  });

  test("a customer with one job waits behind another's thousands neither here nor in the lists", async () => {
    const flooder = await createCustomer(platform, 100_000_000);
    for (const count of [READY_WINDOW, 3_000])
      await submitJobs(
        platform,
        Array.from({ length: count }, () => ({ customer_id: flooder, job_type_id, input_data: 0 })),
      );
    const mine = await submitJobs(
      platform,
      [1, 2].map((input_data) => ({ customer_id, job_type_id, input_data })),
    );
    const ids = mine.map((one) => ("job" in one ? one.job.id : "refused"));
    // A foreign consumer makes room.
    await redis.rpop(key(1), 100);
    await platform.readyQueue.refill();
    expect(await redis.lrange(key(1), 0, -1)).toEqual(expect.arrayContaining(ids));
    expect((await claim(2)).map((job) => job.customer_id).toSorted()).toEqual(
      [customer_id, flooder].toSorted(),
    );
  });
});

/**
 * For a client, a server without these commands is one from before 7. What is left is BRPOP, and RPOP with a
 * count.
 */
async function redisBeforeSeven() {
  const server = await startRedis({
    args: ["--rename-command", "BLMPOP", "", "--rename-command", "LMPOP", ""],
  });
  return { url: server.url, prefix: "jobs" };
}

async function submit(priorities: readonly number[]): Promise<string[]> {
  const submitted = await submitJobs(
    platform,
    priorities.map((priority) => ({
      customer_id,
      job_type_id,
      priority: priority as 0 | 1 | 2,
      input_data: {},
    })),
  );
  return submitted.map((one) => {
    if ("refused" in one) throw one.refused;
    return one.job.id;
  });
}

async function refillAll(): Promise<void> {
  while (await platform.readyQueue.refill());
}

async function claim(max: number) {
  return await platform.readyQueue.claim({ runner_id, max, wait_ms: 100 });
}
