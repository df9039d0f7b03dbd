import { beforeAll, expect, test } from "vitest";
import { runSql } from "../../../test/support/sql.ts";
import {
  createCustomer,
  createJobType,
  createRunner,
  createTestPlatform,
  type TestPlatform,
} from "../../../test/support/test-platform.ts";
import { waitFor } from "../../../test/support/wait-for.ts";
import type { FeedPosition } from "../../core/model/event-feed.ts";
import { FEED_DAYS } from "../../core/model/limits.ts";
import { submitJobs } from "../../core/use-cases/submit-jobs.ts";
import { PATIENCE_MS } from "../../../test/support/patience.ts";

const CUSTOMERS = 3;
const JOBS = 300;
const DAY_MICROS = 24 * 60 * 60 * 1_000_000;

let stack: TestPlatform;
let job_type_id: string;
beforeAll(async () => {
  stack = await createTestPlatform();
  job_type_id = await createJobType(stack.platform);
});

/** Submits jobs of the customers in turns, runs them in small batches, and returns their ids by customer. */
async function runJobs(customers: readonly string[], count: number): Promise<Map<string, string[]>> {
  const { platform } = stack;
  const runner_id = await createRunner(platform);
  const submitted = await submitJobs(
    platform,
    Array.from({ length: count }, (_, n) => ({
      customer_id: customers[n % customers.length] ?? "",
      job_type_id,
      input_data: n,
    })),
  );
  expect(submitted.filter((one) => "refused" in one)).toEqual([]);
  const byCustomer = new Map<string, string[]>();
  for (let left = count; left > 0;) {
    const jobs = await platform.jobs.claimTurns({ runner_id, max: 7 });
    left -= jobs.length;
    await platform.jobs.settle(
      jobs.map(({ id, attempt }) => ({ id, attempt, kind: "succeeded", output: 1 })),
    );
    for (const { id, customer_id } of jobs)
      byCustomer.set(customer_id, [...(byCustomer.get(customer_id) ?? []), id]);
  }
  return byCustomer;
}

test("while several processes count, no reader misses an end or sees one twice", async () => {
  const { platform } = stack;
  const others = [await createTestPlatform(stack), await createTestPlatform(stack)];
  const customers = await Promise.all(
    Array.from({ length: CUSTOMERS }, () => createCustomer(platform, 1_000_000)),
  );
  const over = new AbortController();
  const repeat = async (work: () => Promise<unknown>): Promise<void> => {
    while (!over.signal.aborted) await work();
  };
  const follow = (owner: string | undefined) => {
    const seen: string[] = [];
    let after: FeedPosition | undefined;
    const read = async (): Promise<void> => {
      const page = await platform.eventFeed.list({ after, limit: 5 }, owner);
      after = page.position;
      seen.push(...page.events.map(({ event }) => event.job_id));
    };
    return { seen, read };
  };
  const readers = [undefined, ...customers].map(follow);
  const loops = [
    ...[stack, ...others].map((one) => repeat(() => one.platform.figures.countEnded())),
    ...readers.map(({ read }) => repeat(read)),
  ];
  const made = await runJobs(customers, JOBS);
  await waitFor(() => readers[0]?.seen.length === JOBS, { describe: "all ends", timeoutMs: PATIENCE_MS });
  for (const [n, customer_id] of customers.entries()) {
    const mine = made.get(customer_id) ?? [];
    const seen = readers[n + 1]?.seen ?? [];
    await waitFor(() => seen.length === mine.length, { describe: "the customer's ends" });
    expect(seen.toSorted()).toEqual(mine.toSorted());
  }
  over.abort();
  await Promise.all(loops);
  const all = readers[0]?.seen ?? [];
  expect(new Set(all).size).toBe(JOBS);
  // The reader of all and those of one see the same order.
  for (const [n, customer_id] of customers.entries()) {
    const mine = new Set(made.get(customer_id));
    expect(readers[n + 1]?.seen).toEqual(all.filter((id) => mine.has(id)));
  }
});

test("old rows are forgotten, and the end of the feed stays, also when nothing happened for long", async () => {
  const { platform, databaseUrl } = stack;
  const age = (days: number): Promise<unknown> =>
    runSql(databaseUrl, `UPDATE event_feed SET seq = seq - ${days * DAY_MICROS}`);
  const customer_id = await createCustomer(platform);
  await runJobs([customer_id], 3);
  while (await platform.figures.countEnded());
  const early = await platform.eventFeed.end();
  await age(FEED_DAYS + 1);
  const end = await platform.eventFeed.end();
  expect(end.seq).toBeLessThan(early.seq);
  await platform.forgetExpired();
  expect(await platform.eventFeed.end()).toEqual(end);
  // Who has come to the end misses nothing.
  expect((await platform.eventFeed.list({ after: end, limit: 10 })).events).toEqual([]);
  await runJobs([customer_id], 2);
  await platform.figures.countEnded();
  expect((await platform.eventFeed.list({ after: end, limit: 10 })).events).toHaveLength(2);
  // Now the row that it came to is forgotten, and what came right after it may have been.
  await platform.forgetExpired();
  await expect(platform.eventFeed.list({ after: end, limit: 10 })).rejects.toThrow("older than the 7 days");
});
