import { expect, test } from "vitest";
import { waitFor } from "../../../test/support/wait-for.ts";
import { RATE_BUCKETS_MAX, RATE_SHARE_BATCH_MAX } from "../model/limits.ts";
import type { RateShare, Spent } from "../model/rate-share.ts";
import { RateLimit } from "./rate-limit.ts";

// Alone, and beside a share that is here only to count and to fail on purpose. Real sharing is in
// redis-rate-share.test.ts.

const policy = { capacity: 10, token_ms: 1_000 };

function countingShare(): RateShare & { calls: (readonly Spent[])[] } {
  const calls: (readonly Spent[])[] = [];
  return {
    calls,
    exchange(spent) {
      calls.push(spent);
      return Promise.resolve(spent.map(({ cost_ms }) => cost_ms));
    },
  };
}

test("a call tells of all keys together, and of none that took nothing", async () => {
  const share = countingShare();
  const limit = new RateLimit({ name: "requests", policy, share });
  for (let n = 0; n < 30; n += 1) limit.take("a");
  limit.take("b");
  limit.take("c");
  limit.giveBack("c");
  await waitFor(() => share.calls.length > 0);
  expect(share.calls[0]).toEqual([
    { key: "requests:a", cost_ms: 10_000 },
    { key: "requests:b", cost_ms: 1_000 },
    { key: "requests:c", cost_ms: 0 },
  ]);
  expect(limit.size.untold).toBe(0);
});

test("what is taken while a call is under way is not lost", async () => {
  let answer: (debts: number[]) => void = () => undefined;
  let calls = 0;
  const limit = new RateLimit({
    name: "requests",
    policy,
    share: {
      exchange: (spent) => {
        calls += 1;
        return calls === 1
          ? new Promise((resolve) => (answer = resolve))
          : Promise.resolve(spent.map(() => 0));
      },
    },
  });
  limit.take("a");
  await waitFor(() => calls === 1);
  for (let n = 0; n < 4; n += 1) limit.take("a");
  // Others took 5 of the ten: with the four of here one is left.
  answer([5_000]);
  await waitFor(() => limit.take("a").wait_ms > 0, { timeoutMs: 5_000 });
  await waitFor(() => calls === 2);
});

test("while the share is away each process keeps the rate by itself", async () => {
  let calls = 0;
  const clock = { now: 0 };
  const limit = new RateLimit({
    name: "requests",
    policy,
    share: { exchange: () => ((calls += 1), Promise.reject(new Error("away"))) },
    now: () => clock.now,
  });
  const takeAll = () =>
    Array.from({ length: 20 }, () => limit.take("a")).filter(({ wait_ms }) => wait_ms === 0).length;
  expect(takeAll()).toBe(10);
  await waitFor(() => calls === 1);
  expect(takeAll()).toBe(0);
  clock.now += 3_000;
  expect(takeAll()).toBe(3);
  await waitFor(() => calls === 2);
});

test("huge numbers of keys take bounded memory, and each call a bounded part of them", async () => {
  const share = countingShare();
  const limit = new RateLimit({ name: "failures", policy, share });
  for (let n = 0; n < 300_000; n += 1) limit.take(`address ${n}`);
  expect(limit.size.untold).toBe(RATE_BUCKETS_MAX);
  expect(limit.size.buckets).toBeLessThanOrEqual(RATE_BUCKETS_MAX);
  await waitFor(() => limit.size.untold === 0);
  expect(Math.max(...share.calls.map((spent) => spent.length))).toBe(RATE_SHARE_BATCH_MAX);
  expect(share.calls).toHaveLength(RATE_BUCKETS_MAX / RATE_SHARE_BATCH_MAX);
});
