import { v7 as uuidv7 } from "uuid";
import { beforeEach, describe, expect, test } from "vitest";
import { createGate } from "../../test/support/gate.ts";
import { redisNamespace } from "../../test/support/redis.ts";
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
    await waitFor(() => runner.running === 1, { describe: () => "a running job" });
    const lost = runner.id;
    await platform.runners.deregister(lost);
    expect(await platform.runners.rescue({ lease_ms: 60_000, lostMax: 3, leasesMax: 20 })).toEqual({
      rescued: 1,
      more: false,
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
    await waitFor(() => runner.running === 20, { describe: () => "20 running jobs" });
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
      { describe: () => "the jobs to run again" },
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
      await platform.jobs.setStarted(id, runner_id);
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
  const { runners } = platform;
  const register = runners.register.bind(runners);
  const gate = createGate();
  let registering = false;
  runners.register = async (runner) => {
    registering = true;
    await gate.opened;
    await register(runner);
  };
  const runner = startTestRunner(testPlatform, []);
  expect(registering).toBe(true);
  const stopped = runner.stop(0);
  gate.open();
  await stopped;
  expect(await runners.list()).toEqual([]);
});

test("registering that fails is tried again, but not at once", async () => {
  const { runners } = platform;
  const register = runners.register.bind(runners);
  const tried_at: number[] = [];
  runners.register = async (runner) => {
    tried_at.push(performance.now());
    if (tried_at.length === 1) throw new Error("not the database's absence");
    await register(runner);
  };
  startTestRunner(testPlatform, []);
  await waitFor(async () => (await runners.list()).length === 1, { describe: "a registered runner" });
  const [first = 0, second = 0] = tried_at;
  // A timer may fire a millisecond early.
  expect(second - first).toBeGreaterThan(498);
});

async function wallet() {
  return await platform.wallets.findByCustomerId(customer_id);
}
