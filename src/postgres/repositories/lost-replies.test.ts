import { v7 as uuidv7 } from "uuid";
import type { Client } from "pg";
import { beforeAll, describe, expect, test } from "vitest";
import { connect } from "../../../test/support/sql.ts";
import { createTestDatabase } from "../../../test/support/database.ts";
import { startTcpProxy, type TcpProxy } from "../../../test/support/tcp-proxy.ts";
import {
  brokenPromises,
  createCustomer,
  createJobType,
  createRunner,
  createTestPlatform,
} from "../../../test/support/test-platform.ts";
import { waitFor } from "../../../test/support/wait-for.ts";
import type { OpenPlatform } from "../../bin/open-platform.ts";
import type { NewJob } from "../../core/model/job.ts";
import { submitJob, submitJobs } from "../../core/use-cases/submit-jobs.ts";

// The line is cut when the server has done what it was asked and before it could say so.

const ROOM = { 0: true, 1: true, 2: true };
const PRICE = 10;

let databaseUrl: string;
let direct: OpenPlatform;
let type: string;

beforeAll(async () => {
  databaseUrl = (await createTestDatabase()).url;
  ({ platform: direct } = await createTestPlatform({ databaseUrl }));
  type = await createJobType(direct, { standard_cost_cents: PRICE });
});

describe("submit", () => {
  test("its reply is lost: one job, one result, one hold", async () => {
    const { platform, proxy } = await behindProxy();
    const customer = await createCustomer(direct, 1_000);
    // Of `submit_jobs` and of `submit_job`, which stores those that come one by one.
    const lost = proxy.loseAnswers("submit_job", 2);
    const jobs = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        submitJob(platform, { customer_id: customer, job_type_id: type, input_data: n }),
      ),
    );
    const more = [];
    for (let n = 0; n < 10; n += 1)
      more.push(await submitJob(platform, { customer_id: customer, job_type_id: type, input_data: n }));
    expect(lost.count).toBeGreaterThan(3);
    expect(new Set([...jobs, ...more].map((job) => job.id)).size).toBe(30);
    expect(await direct.jobs.list({ customer_id: customer }, { limit: 100 })).toHaveLength(30);
    expect(await heldBy(customer)).toBe(30 * PRICE);
  });

  test("its reply is lost in a wallet that it emptied: the jobs are returned as stored, the others as refused", async () => {
    const { platform, proxy } = await behindProxy();
    const [poor, poorer] = [await createCustomer(direct, 2 * PRICE), await createCustomer(direct, 0)];
    await submitJob(platform, {
      customer_id: await createCustomer(direct),
      job_type_id: type,
      input_data: "types are read",
    });
    const lost = proxy.loseAnswers("submit_jobs");
    const submitted = submitJobs(
      platform,
      [poor, poorer, poor, poor].map((customer_id) => ({ customer_id, job_type_id: type, input_data: {} })),
    );
    await waitFor(() => lost.count > 0);
    lost.stop();
    expect((await submitted).map((one) => ("job" in one ? "stored" : one.refused.code))).toEqual([
      "stored",
      "insufficient_funds",
      "stored",
      "insufficient_funds",
    ]);
    expect(await heldBy(poor)).toBe(2 * PRICE);
  });

  test("the same batch again: what is stored is returned as it is now, the rest is stored", async () => {
    const customer = await createCustomer(direct);
    const jobs = Array.from({ length: 5 }, () => newJob(customer));
    await direct.jobs.submit(jobs.slice(1, 4), ROOM);
    await direct.jobs.claim({ runner_id: await createRunner(direct), ids: [jobs[2]?.id ?? ""] });
    const again = await direct.jobs.submit(jobs, ROOM);
    expect(again.map((one) => "job" in one && [one.job.id, one.job.status, one.due])).toEqual(
      jobs.map(({ id }, n) => [id, n === 2 ? "running" : "pending", n !== 2]),
    );
    expect(await heldBy(customer)).toBe(5 * PRICE);
  });

  test("an attempt that still runs on the server is waited for, and stores for both", async () => {
    const customer = await createCustomer(direct);
    const jobs = [newJob(customer), newJob(customer)];
    const blocker = await lockWallet(customer);
    const attempts = [0, 1, 2].map(() => direct.jobs.submit(jobs, ROOM));
    await waitFor(async () => (await waitingForLocks()) === 3);
    await blocker.query("COMMIT");
    for (const results of await Promise.all(attempts))
      expect(results.every((one) => "job" in one)).toBe(true);
    expect(await heldBy(customer)).toBe(2 * PRICE);
  });

  test("an id that is another customer's job does not return that job", async () => {
    const stored = newJob(await createCustomer(direct));
    await direct.jobs.create(stored);
    const stranger = await createCustomer(direct);
    await expect(direct.jobs.create({ ...stored, customer_id: stranger })).rejects.toMatchObject({
      constraint: expect.stringMatching(/^jobs_pkey$|^job_queue_pkey$/),
    });
    expect(await heldBy(stranger)).toBe(0);
  });
});

describe("claim", () => {
  test.each([
    ["claim_jobs", 10],
    ["start_job", 1],
    ["claim_next", 10],
  ])("the reply of %s is lost: the jobs are the runner's all the same", async (statement, count) => {
    const { databaseUrl: url } = await ownDatabase();
    const { platform, proxy } = await behindProxy(url);
    const { ids, runner_id } = await submitTo(platform, count);
    const lost = proxy.loseAnswers(statement);
    const claimed = await (statement === "claim_next"
      ? platform.jobs.claimTurns({ runner_id, max: count })
      : platform.jobs.claim({ runner_id, ids }));
    expect(lost.count).toBe(1);
    expect(claimed.map((job) => [job.id, job.attempt])).toEqual(ids.map((id) => [id, 1]));
    expect(new Set(claimed.map((job) => job.lease_id)).size).toBe(1);
    expect(await brokenPromises(platform)).toEqual([]);
  });

  test("the database is away after it took the jobs: back, they are given back, and claimed anew", async () => {
    const { databaseUrl: url } = await ownDatabase();
    const { platform, proxy } = await behindProxy(url);
    const { ids, runner_id } = await submitTo(platform, 10);
    const losses = [proxy.loseAnswers("claim_jobs"), proxy.loseAnswers(`insert into "leases"`)];
    await expect(platform.jobs.claim({ runner_id, ids })).rejects.toMatchObject({ code: "unavailable" });
    for (const lost of losses) lost.stop();
    expect(await platform.jobs.claim({ runner_id, ids: [] })).toEqual([]);
    const claimed = await platform.jobs.claim({ runner_id, ids });
    expect(claimed.map(({ id, attempt, excused_attempts }) => [id, attempt, excused_attempts])).toEqual(
      ids.map((id) => [id, 2, 1]),
    );
    expect(await brokenPromises(platform)).toEqual([]);
  });

  test("a claim that reaches the server after it was given up claims nothing", async () => {
    const { databaseUrl: url, client } = await ownDatabase();
    const { platform } = await createTestPlatform({ databaseUrl: url });
    const { ids, runner_id } = await submitTo(platform, 1);
    const lease_id = uuidv7();
    await client.query("INSERT INTO leases (id, runner_id, job_ids) VALUES ($1, $2, '{}')", [
      lease_id,
      runner_id,
    ]);
    await expect(
      client.query("SELECT * FROM claim_jobs($1::uuid[], $2, $3)", [ids, runner_id, lease_id]),
    ).rejects.toMatchObject({ constraint: "leases_pkey" });
    expect(await platform.jobs.findById(ids[0] ?? "")).toMatchObject({ status: "pending", attempt: 0 });
    expect(await brokenPromises(platform)).toEqual([]);
  });
});

test.each([
  ["settle_jobs", 10],
  ["settle_success", 1],
])(
  "the reply of %s is lost: the same outcomes again are refused as settled, and charged once",
  async (statement, count) => {
    const { databaseUrl: url } = await ownDatabase();
    const { platform, proxy } = await behindProxy(url);
    const { ids, runner_id, customer } = await submitTo(platform, count);
    const claimed = await platform.jobs.claim({ runner_id, ids });
    const outcomes = claimed.map(({ id, attempt }) => ({
      id,
      attempt,
      kind: "succeeded" as const,
      output: null,
    }));
    const lost = proxy.loseAnswers(statement);
    await expect(platform.jobs.settle(outcomes)).rejects.toMatchObject({ code: "unavailable" });
    lost.stop();
    const refusals = await platform.jobs.settle(outcomes);
    expect(refusals.map(({ reason }) => reason)).toEqual(ids.map(() => "already_settled"));
    expect(await platform.wallets.findByCustomerId(customer)).toMatchObject({
      current_balance_cents: 1_000_000 - count * PRICE,
      pending_charges_cents: 0,
    });
    expect(await brokenPromises(platform)).toEqual([]);
  },
);

test("whatever requests do, claims and settles have connections of their own", async () => {
  const { databaseUrl: url } = await ownDatabase();
  const { platform } = await createTestPlatform({ databaseUrl: url, poolSize: 4 });
  const { ids, runner_id, customer } = await submitTo(platform, 2);
  const blocker = await lockWallet(customer, url);
  const stuck = Array.from({ length: 20 }, () =>
    platform.jobs.submit([newJob(customer, ids.length)], ROOM).catch(() => undefined),
  );
  await waitFor(async () => (await waitingForLocks(url)) >= 3);
  const started_at = performance.now();
  expect(await platform.jobs.claim({ runner_id, ids })).toHaveLength(2);
  expect(performance.now() - started_at).toBeLessThan(1_000);
  await blocker.query("COMMIT");
  await Promise.all(stuck);
});

test("every promise holds after all of this", async () => {
  expect(await brokenPromises(direct)).toEqual([]);
});

async function behindProxy(url = databaseUrl): Promise<{ platform: OpenPlatform; proxy: TcpProxy }> {
  const proxy = await startTcpProxy(url);
  const { platform } = await createTestPlatform({ databaseUrl: proxy.url });
  return { platform, proxy };
}

async function ownDatabase(): Promise<{ databaseUrl: string; client: Client }> {
  const { url } = await createTestDatabase();
  return { databaseUrl: url, client: await connect(url) };
}

function newJob(customer_id: string, input_data: unknown = {}): NewJob {
  return { id: uuidv7(), customer_id, job_type_id: type, priority: 1, input_data };
}

/** A customer with jobs, and a runner, in a database of their own. */
async function submitTo(platform: OpenPlatform, count: number) {
  const customer = await createCustomer(platform);
  const job_type_id = await createJobType(platform, { standard_cost_cents: PRICE });
  const jobs = Array.from({ length: count }, () => ({ ...newJob(customer), job_type_id }));
  await platform.jobs.submit(jobs, ROOM);
  return { customer, ids: jobs.map((job) => job.id), runner_id: await createRunner(platform) };
}

async function heldBy(customer: string): Promise<number | undefined> {
  return (await direct.wallets.findByCustomerId(customer))?.pending_charges_cents;
}

async function lockWallet(customer: string, url = databaseUrl): Promise<Client> {
  const client = await connect(url);
  await client.query("BEGIN");
  await client.query("SELECT FROM wallets WHERE customer_id = $1 FOR UPDATE", [customer]);
  return client;
}

async function waitingForLocks(url = databaseUrl): Promise<number> {
  const client = await connect(url);
  const { rows } = await client.query<{ n: number }>(
    "SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
  );
  return rows[0]?.n ?? 0;
}
