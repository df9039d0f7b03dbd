import { beforeEach, expect, test } from "vitest";
import { v7 as uuidv7 } from "uuid";
import type { OpenPlatform } from "../../src/bin/open-platform.ts";
import type { ClaimedJob, NewJob, Priority } from "../../src/core/model/job.ts";
import { runSql } from "../support/sql.ts";
import {
  brokenPromises,
  createCustomer,
  createJobType,
  createRunner,
  createTestPlatform,
} from "../support/test-platform.ts";

// What the random runs found once, each on its own.

const NO_ROOM = { 0: false, 1: false, 2: false };

let platform: OpenPlatform;
let databaseUrl: string;
let runner_id: string;

beforeEach(async () => {
  ({ platform, databaseUrl } = await createTestPlatform());
  runner_id = await createRunner(platform);
});

async function customersOfWeights(...weights: number[]): Promise<string[]> {
  const ids = (await Promise.all(weights.map(() => createCustomer(platform)))).toSorted();
  for (const [n, id] of ids.entries()) await platform.customers.update(id, { weight: weights[n] ?? 1 });
  return ids;
}

async function typeOfLimit(running_limit: number | null): Promise<string> {
  const id = await createJobType(platform);
  await platform.jobTypes.update(id, { running_limit });
  return id;
}

async function submit(customer_id: string, job_type_id: string, count: number, priority: Priority = 1) {
  const jobs = Array.from({ length: count }, (): NewJob => ({
    id: uuidv7(),
    customer_id,
    job_type_id,
    priority,
    input_data: 1,
  }));
  await platform.jobs.submit(jobs, NO_ROOM);
}

const countOf = (jobs: readonly ClaimedJob[], id: string): number =>
  jobs.filter(({ customer_id, job_type_id }) => customer_id === id || job_type_id === id).length;

/** Claims again and again, and ends what started before the next claim. Returns how many jobs each had. */
async function startsOf(customers: readonly string[], claims: number, max: number): Promise<number[]> {
  const all: ClaimedJob[] = [];
  for (let n = 0; n < claims; n += 1) {
    const jobs = await platform.jobs.claimTurns({ runner_id, max });
    all.push(...jobs);
    await platform.jobs.settle(
      jobs.map(({ id, attempt }) => ({ id, attempt, kind: "succeeded", output: null })),
    );
  }
  return customers.map((id) => countOf(all, id));
}

test.each([
  ["as they were submitted", 1, 0],
  ["that have aged", 2, 80],
] as const)(
  "customers share jobs %s, where a limit lets one start at a time",
  async (_how, priority, aged) => {
    const customers = await customersOfWeights(1, 1);
    const type = await typeOfLimit(1);
    for (const id of customers) await submit(id, type, 40, priority);
    const moved = await platform.waitingJobs.age({ priority: 2, after_ms: 0, max: 1_000, after: undefined });
    expect(moved.aged).toBe(aged);
    expect(await startsOf(customers, 40, 8)).toEqual([20, 20]);
  },
);

test("a small weight whose share is always rounded down gets its part", async () => {
  const customers = await customersOfWeights(10, 1, 10);
  const type = await typeOfLimit(3);
  for (const id of customers) await submit(id, type, 70);
  const [first = 0, light = 0, last = 0] = await startsOf(customers, 42, 8);
  expect([first + light + last, light >= 4, light <= 9]).toEqual([126, true, true]);
  expect(Math.abs(first - last)).toBeLessThanOrEqual(3);
});

test("the room below the limit of a type goes by turns: a small weight gets its part", async () => {
  const customers = await customersOfWeights(10, 1);
  const type = await typeOfLimit(2);
  for (const id of customers) await submit(id, type, 50);
  const [, light = 0] = await startsOf(customers, 22, 8);
  expect([light >= 3, light <= 6]).toEqual([true, true]);
});

test("a type that fills up during a claim holds up no other type of its customers", async () => {
  const [customer = ""] = await customersOfWeights(1);
  const [limited, free] = [await typeOfLimit(2), await typeOfLimit(null)];
  await submit(customer, limited, 10);
  await submit(customer, free, 10);
  const jobs = await platform.jobs.claimTurns({ runner_id, max: 6 });
  expect([countOf(jobs, limited), countOf(jobs, free)]).toEqual([2, 4]);
});

test("what a claim takes at a priority counts as running at the lower ones", async () => {
  const [busy = "", other = ""] = await customersOfWeights(1, 1);
  const type = await typeOfLimit(null);
  await submit(busy, type, 4, 0);
  for (const id of [busy, other]) await submit(id, type, 10, 1);
  const jobs = await platform.jobs.claimTurns({ runner_id, max: 8 });
  expect([countOf(jobs, busy), countOf(jobs, other)]).toEqual([4, 4]);
  expect(await brokenPromises(platform)).toEqual([]);
});

test.each([1, 4])(
  "while 60 customers wait, each starts its first job before anybody its second: claims of %i",
  async (max) => {
    const customers = await customersOfWeights(...Array.from({ length: 60 }, () => 1));
    const type = await typeOfLimit(null);
    for (const id of customers) await submit(id, type, 3);
    expect(await startsOf(customers, 60 / max, max)).toEqual(customers.map(() => 1));
    expect(await startsOf(customers, 60 / max, max)).toEqual(customers.map(() => 1));
  },
);

test("thousands of customers of a type that is full hold up nobody behind them", async () => {
  // More than one look along the ring passes over, all before those that have a new id.
  const before = 2_100;
  const idOf = (n: number): string => `00000000-0000-7000-8000-${n.toString(16).padStart(12, "0")}`;
  const crowd = Array.from({ length: before }, (_, n) => idOf(n + 1));
  await runSql(
    databaseUrl,
    "INSERT INTO customers (id, name, email) SELECT id, 'One of many', 'many@example.com' FROM unnest($1::uuid[]) id",
    [crowd],
  );
  await runSql(
    databaseUrl,
    "INSERT INTO wallets (id, customer_id, current_balance_cents) SELECT gen_random_uuid(), id, 1000 FROM unnest($1::uuid[]) id",
    [crowd],
  );
  const [last = ""] = await customersOfWeights(1);
  const [full, free] = [await typeOfLimit(1), await typeOfLimit(null)];
  await submit(last, full, 1);
  expect(await platform.jobs.claimTurns({ runner_id, max: 1 })).toHaveLength(1);

  const jobs = crowd.map((customer_id): NewJob => ({
    id: uuidv7(),
    customer_id,
    job_type_id: full,
    priority: 1,
    input_data: 1,
  }));
  for (let n = 0; n < jobs.length; n += 700) await platform.jobs.submit(jobs.slice(n, n + 700), NO_ROOM);
  await submit(last, free, 2);
  expect(countOf(await platform.jobs.claimTurns({ runner_id, max: 1 }), free)).toBe(1);
  // And the other goes into the ready lists.
  const { ids } = await platform.waitingJobs.stampBacklog({ priority: 1, max: 10, after: undefined });
  expect(ids).toHaveLength(1);
});
