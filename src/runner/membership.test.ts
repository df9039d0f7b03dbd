import type { Client } from "pg";
import { v7 as uuidv7 } from "uuid";
import { beforeEach, describe, expect, test } from "vitest";
import { createGate } from "../../test/support/gate.ts";
import { redisNamespace } from "../../test/support/redis.ts";
import { connect } from "../../test/support/sql.ts";
import {
  brokenPromises,
  createCustomer,
  createJobType,
  createTestPlatform,
  type TestPlatform,
} from "../../test/support/test-platform.ts";
import { startTestRunner, waitForEnd } from "../../test/support/test-runner.ts";
import { waitFor } from "../../test/support/wait-for.ts";
import type { OpenPlatform } from "../bin/open-platform.ts";
import { submitJob, submitJobs } from "../core/use-cases/submit-jobs.ts";
import { defineProcessor } from "../processors/sdk/define-processor.ts";
import { REGISTER_DELAY_MS } from "./membership.ts";

let testPlatform: TestPlatform;
let platform: OpenPlatform;
let customer_id: string;

beforeEach(async () => {
  testPlatform = await createTestPlatform({ redis: redisNamespace() });
  ({ platform } = testPlatform);
  customer_id = await createCustomer(platform);
});

describe("a runner that was declared dead", () => {
  test("drops what it ran, comes back under a new id, and its job runs again with the attempt excused", async () => {
    let runs = 0;
    const processor = defineProcessor({
      id: "second-time",
      run: () => {
        runs += 1;
        return runs === 1 ? new Promise<never>(() => undefined) : "done";
      },
    });
    const runner = startTestRunner(testPlatform, [processor]);
    const job_type_id = await createJobType(platform, {
      processing_logic_id: "second-time",
      max_attempts: 1,
    });
    const { id } = await submitJob(platform, { customer_id, job_type_id, input_data: 1 });
    await waitFor(() => runner.running === 1, { describe: "a running job" });
    const lost = runner.id;
    await platform.runners.deregister(lost);
    expect(await platform.runners.rescue({ lease_ms: 60_000, lostMax: 3, leasesMax: 20 })).toEqual({
      rescued: 1,
      more: false,
      runners: [{ id: lost, host: null }],
    });
    const job = await waitForEnd(platform, id);
    expect(job).toMatchObject({ status: "succeeded", attempt: 2, max_attempts: 1 });
    expect(job.errors).toMatchObject([{ attempt: 1, code: "runner_lost", runner_id: lost }]);
    expect(runner.id).not.toBe(lost);
    expect(await brokenPromises(platform)).toEqual([]);
  });

  test("settles too late, before it hears of it: each outcome is refused and counted, and nothing is charged", async () => {
    const gate = createGate();
    let opened = false;
    const processor = defineProcessor({
      id: "late",
      run: () => (opened ? "on time" : gate.opened.then(() => "late")),
    });
    const runner = startTestRunner(testPlatform, [processor], 20);
    const job_type_id = await createJobType(platform, { processing_logic_id: "late", max_attempts: 1 });
    await submitJobs(
      platform,
      Array.from({ length: 20 }, () => ({ customer_id, job_type_id, input_data: 1 })),
    );
    await waitFor(() => runner.running === 20, { describe: "20 running jobs" });
    // The next heartbeat comes within a second; the outcomes are sent at once.
    await platform.runners.deregister(runner.id);
    await platform.runners.rescue({ lease_ms: 60_000, lostMax: 3, leasesMax: 20 });
    gate.open();
    opened = true;
    await waitFor(() => runner.refused === 20, { describe: () => `20 refusals, got ${runner.refused}` });
    expect(await wallet()).toMatchObject({ current_balance_cents: 1_000_000, pending_charges_cents: 200 });
    const jobs = await waitFor(
      async () => {
        await platform.readyQueue.refill();
        const succeeded = await platform.jobs.list({ customer_id, status: "succeeded" }, { limit: 50 });
        return succeeded.length === 20 && succeeded;
      },
      { describe: "the jobs to run again" },
    );
    expect(new Set(jobs.map((job) => job.output_data))).toEqual(new Set(["on time"]));
    expect(await wallet()).toMatchObject({ current_balance_cents: 999_800, pending_charges_cents: 0 });
    expect(await brokenPromises(platform)).toEqual([]);
  });

  test("three times over one job: the job has failed, and its hold is released", async () => {
    const job_type_id = await createJobType(platform, { processing_logic_id: "poison" });
    const { id } = await submitJob(platform, { customer_id, job_type_id, input_data: 1 });
    for (let lost = 1; lost <= 3; lost += 1) {
      const runner_id = uuidv7();
      await platform.runners.register({ id: runner_id, host: "test", version: "test", slots: 1 });
      const claimed = await platform.jobs.claimTurns({ runner_id, max: 1, idle: true });
      expect(claimed.map((job) => [job.id, job.lost_runners])).toEqual([[id, lost - 1]]);
      await platform.runners.deregister(runner_id);
      await platform.runners.rescue({ lease_ms: 60_000, lostMax: 3, leasesMax: 20 });
    }
    const job = await platform.jobs.findById(id);
    expect(job).toMatchObject({
      status: "failed",
      error: { code: "runner_lost" },
      cost_cents: null,
      attempt: 3,
    });
    expect(job?.errors).toHaveLength(3);
    expect(await wallet()).toMatchObject({ current_balance_cents: 1_000_000, pending_charges_cents: 0 });
    expect(await brokenPromises(platform)).toEqual([]);
  });
});

test("a runner that is stopped while it registers waits for that, and leaves nobody behind", async () => {
  const database = await connect(testPlatform.databaseUrl);
  await database.query("BEGIN; LOCK TABLE runners");
  const runner = startTestRunner(testPlatform, []);
  await waitFor(() => isWaitedFor(database), { describe: "a registration that waits for the lock" });
  const stopped = runner.stop(0);
  await database.query("COMMIT");
  await stopped;
  // A registration that was still under way would stand before us in the queue for the lock.
  await database.query("BEGIN; LOCK TABLE runners");
  const { rows } = await database.query("SELECT id FROM runners");
  expect(rows).toEqual([]);
});

test("registering that fails is tried again, but not at once", async () => {
  const database = await connect(testPlatform.databaseUrl);
  // A sequence counts, because it is not rolled back with what raises the error.
  await database.query(`
    CREATE SEQUENCE tries;
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN PERFORM nextval('tries'); RAISE EXCEPTION 'not the absence of the database'; END $$;
    CREATE TRIGGER refuse BEFORE INSERT ON runners FOR EACH ROW EXECUTE FUNCTION refuse()`);
  const started_at = performance.now();
  startTestRunner(testPlatform, []);
  await waitFor(async () => (await triesOf(database)) >= 3, { describe: "a third try" });
  // A timer may fire a millisecond early.
  expect(performance.now() - started_at).toBeGreaterThanOrEqual(2 * (REGISTER_DELAY_MS - 1));
  await database.query("DROP TRIGGER refuse ON runners");
  await waitFor(async () => (await platform.runners.list()).length === 1, {
    describe: "a registered runner",
  });
});

async function isWaitedFor(database: Client): Promise<boolean> {
  const { rows } = await database.query(
    "SELECT FROM pg_locks WHERE relation = 'runners'::regclass AND NOT granted",
  );
  return rows.length > 0;
}

async function triesOf(database: Client): Promise<number> {
  const { rows } = await database.query<{ tries: number }>(
    "SELECT last_value::int * is_called::int AS tries FROM tries",
  );
  return rows[0]?.tries ?? 0;
}

async function wallet() {
  return await platform.wallets.findByCustomerId(customer_id);
}
