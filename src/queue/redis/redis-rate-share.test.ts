import { Redis } from "ioredis";
import { describe, expect, test } from "vitest";
import { atTheEnd } from "../../../test/support/cleanup.ts";
import { redisNamespace, startRedis } from "../../../test/support/redis.ts";
import { startTcpProxy } from "../../../test/support/tcp-proxy.ts";
import { waitFor } from "../../../test/support/wait-for.ts";
import { RateLimit } from "../../core/use-cases/rate-limit.ts";
import { createRedisRateShare } from "./redis-rate-share.ts";

// Real processes share by a real Redis. Here two limits stand for them: each has buckets of its own.

const SECOND = { capacity: 40, token_ms: 25 };

function open(url: string, prefix: string, policy = SECOND): RateLimit {
  const share = createRedisRateShare(url, prefix);
  atTheEnd(async () => share.close());
  return new RateLimit({ name: "requests", policy, share });
}

/** Takes as often as it can for a while, from all of them in turn; returns how many each got. */
async function flood(limits: readonly RateLimit[], key: string, for_ms: number): Promise<number[]> {
  const got = limits.map(() => 0);
  const until = performance.now() + for_ms;
  await waitFor(
    () => {
      for (const [n, limit] of limits.entries())
        for (let tries = 0; tries < 50; tries += 1)
          got[n] = (got[n] ?? 0) + (limit.take(key).wait_ms === 0 ? 1 : 0);
      return performance.now() > until;
    },
    { timeoutMs: for_ms + 10_000 },
  );
  return got;
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0);

test("two processes that flood with one key keep its rate together", async () => {
  const { url, prefix } = redisNamespace();
  const limits = [open(url, prefix), open(url, prefix)];
  // What both have at the start is twice the burst; after that it is owed.
  await flood(limits, "a", 3_000);
  const began_at = performance.now();
  const got = await flood(limits, "a", 4_000);
  const allowed = (performance.now() - began_at) / SECOND.token_ms;
  console.log(
    `two processes, ${SECOND.token_ms} ms a token: took ${got.join(" + ")} of ${allowed.toFixed(0)}`,
  );
  // Each may take for one exchange what nobody was told of.
  expect(sum(got)).toBeLessThan(allowed * 1.25);
  expect(sum(got)).toBeGreaterThan(allowed * 0.6);
});

test("what one took the other learns, and after a while all of it is there again", async () => {
  const { url, prefix } = redisNamespace();
  const [one, other] = [open(url, prefix), open(url, prefix)];
  for (let n = 0; n < 39; n += 1) one.take("a");
  await waitFor(() => one.size.untold === 0);
  other.take("a");
  await waitFor(() => other.size.untold === 0);
  await waitFor(() => other.take("a").left < 20, { timeoutMs: 500 });
  const redis = new Redis(url);
  atTheEnd(async () => redis.disconnect());
  // The buckets go by themselves once they are full again.
  await waitFor(async () => (await redis.keys(`${prefix}:rate:*`)).length === 0, { timeoutMs: 10_000 });
});

test("whatever stands under a bucket's key, it is a bucket", async () => {
  const { url, prefix } = redisNamespace();
  const redis = new Redis(url);
  atTheEnd(async () => redis.disconnect());
  const share = createRedisRateShare(url, prefix);
  atTheEnd(async () => share.close());
  const key = `${prefix}:rate:requests:a`;
  for (const value of ["", "nonsense", "nan", "-inf", "inf", "1e999", "-5"]) {
    await redis.set(key, value);
    const [debt = NaN] = await share.exchange([{ key: "requests:a", cost_ms: 100 }], 1_000);
    expect([value, debt >= 99 && debt <= 1_000]).toEqual([value, true]);
  }
  await redis.del(key);
  await redis.lpush(key, "a list");
  await expect(share.exchange([{ key: "requests:a", cost_ms: 100 }], 1_000)).rejects.toThrow("WRONGTYPE");
  expect(await share.exchange([{ key: "requests:b", cost_ms: -500 }], 1_000)).toEqual([0]);
});

describe("Redis goes away", () => {
  test("killed: each process keeps the rate by itself; and back: together again", async () => {
    const server = await startRedis();
    const limits = [open(server.url, "jobs"), open(server.url, "jobs")];
    await flood(limits, "a", 500);
    await server.stop("SIGKILL");
    const began_at = performance.now();
    const alone = await flood(limits, "a", 2_000);
    const allowed = (performance.now() - began_at) / SECOND.token_ms;
    for (const one of alone) {
      expect(one).toBeLessThan(allowed * 1.25);
      expect(one).toBeGreaterThan(allowed * 0.4);
    }
    await startRedis({ port: server.port });
    await flood(limits, "a", 3_000);
    const again_at = performance.now();
    const together = await flood(limits, "a", 3_000);
    expect(sum(together)).toBeLessThan(((performance.now() - again_at) / SECOND.token_ms) * 1.25);
  }, 30_000);

  test("silent: nobody waits for it", async () => {
    const { url, prefix } = redisNamespace();
    const proxy = await startTcpProxy(url);
    const limit = open(proxy.url, prefix);
    limit.take("a");
    await waitFor(() => limit.size.untold === 0);
    proxy.blackHole();
    let longest_ms = 0;
    const until = performance.now() + 1_500;
    await waitFor(() => {
      const asked_at = performance.now();
      limit.take("a");
      longest_ms = Math.max(longest_ms, performance.now() - asked_at);
      return performance.now() > until;
    });
    expect(longest_ms).toBeLessThan(50);
  });
});
