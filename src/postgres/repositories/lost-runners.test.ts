import { beforeEach, expect, test } from "vitest";
import { v7 as uuidv7 } from "uuid";
import {
  brokenPromises,
  createCustomer,
  createJobType,
  createTestPlatform,
} from "../../../test/support/test-platform.ts";
import type { OpenPlatform } from "../../bin/open-platform.ts";
import { submitJob } from "../../core/use-cases/submit-jobs.ts";

let platform: OpenPlatform;
let customer_id: string;
let job_type_id: string;

beforeEach(async () => {
  ({ platform } = await createTestPlatform());
  customer_id = await createCustomer(platform);
  job_type_id = await createJobType(platform);
});

/** A runner that claims `max` jobs, and is lost with them. Returns the ids of what it had claimed. */
async function loseRunner(max: number): Promise<string[]> {
  const runner_id = uuidv7();
  await platform.runners.register({ id: runner_id, host: "test", version: "test", slots: max });
  const claimed = await platform.jobs.claimTurns({ runner_id, max, idle: true });
  await platform.runners.deregister(runner_id);
  await platform.runners.rescue({ lease_ms: 60_000, lostMax: 3, leasesMax: 20 });
  return claimed.map(({ id }) => id).toSorted();
}

async function submit(count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let n = 0; n < count; n += 1)
    ids.push((await submitJob(platform, { customer_id, job_type_id, input_data: n })).id);
  return ids.toSorted();
}

test("what ran beside others when its runner was lost is not blamed: only losses that it was alone in count", async () => {
  const ids = await submit(4);
  expect(await loseRunner(10)).toEqual(ids);
  expect(await loseRunner(10)).toEqual(ids);
  // From now on they run apart from all others: those with two lost runners a few at a time, then one by one.
  const [later] = await submit(1);
  expect(await loseRunner(10)).toEqual(ids);
  for (let round = 0; round < 2; round += 1)
    for (const id of ids) {
      expect(await loseRunner(10)).toHaveLength(1);
      expect(await platform.jobs.findById(id)).toMatchObject({
        status: "pending",
        attempt: expect.any(Number),
      });
    }
  expect(await platform.jobs.list({ customer_id, status: "failed" }, { limit: 10 })).toEqual([]);
  // The third loss alone is one too many.
  for (const _ of ids) expect(await loseRunner(10)).toHaveLength(1);
  const failed = await platform.jobs.list({ customer_id, status: "failed" }, { limit: 10 });
  expect(failed.map(({ id }) => id).toSorted()).toEqual(ids);
  expect(new Set(failed.map(({ error }) => error?.code))).toEqual(new Set(["runner_lost"]));
  expect(await loseRunner(10)).toEqual([later]);
  expect(await brokenPromises(platform)).toEqual([]);
});

test("a job that must run alone waits for a runner that runs nothing; one is told to make room", async () => {
  const [id = ""] = await submit(1);
  await loseRunner(1);
  await loseRunner(1);
  const [first, second] = [uuidv7(), uuidv7()];
  for (const runner of [first, second])
    await platform.runners.register({ id: runner, host: "test", version: "test", slots: 2 });
  expect((await platform.jobs.findById(id))?.waiting_for).toBe("idle_runner");
  expect(await platform.jobs.claimTurns({ runner_id: first, max: 2 })).toEqual([]);
  const told = await Promise.all([first, second].map((runner) => platform.runners.mustRunDry(runner, 0)));
  expect(told).toEqual([true, false]);
  expect(await platform.runners.mustRunDry(first, 60_000)).toBe(false);
  expect(await platform.jobs.claimTurns({ runner_id: second, max: 2, idle: true })).toMatchObject([
    { id, lost_runners: 2 },
  ]);
});

test("a job that waits to run alone can be cancelled, and its hold is released", async () => {
  const [id = ""] = await submit(1);
  await loseRunner(1);
  await loseRunner(1);
  expect(await platform.jobs.cancel(id)).toBe("cancelled");
  expect(await loseRunner(1)).toEqual([]);
  expect(await platform.wallets.findByCustomerId(customer_id)).toMatchObject({ pending_charges_cents: 0 });
  expect(await brokenPromises(platform)).toEqual([]);
});

test("a job that must run alone stays where it waits while it may not start, and no runner runs dry for it", async () => {
  const ids = await submit(3);
  await loseRunner(3);
  await loseRunner(3);
  const runner_id = uuidv7();
  await platform.runners.register({ id: runner_id, host: "test", version: "test", slots: 3 });
  await submit(1);
  expect(await platform.jobs.claimTurns({ runner_id, max: 1 })).toHaveLength(1);
  const claimed = () => platform.jobs.claimTurns({ runner_id, max: 3, idle: true });
  const mayNotStart = async (waitsFor: string) => {
    expect(await platform.runners.mustRunDry(runner_id, 0)).toBe(false);
    expect(await claimed()).toEqual([]);
    expect((await platform.jobs.findById(ids[0] ?? ""))?.waiting_for).toBe(waitsFor);
  };

  await platform.jobTypes.setPaused(job_type_id, true);
  await mayNotStart("resume");
  await platform.jobTypes.setPaused(job_type_id, false);
  await platform.waitingJobs.setPaused(true);
  await mayNotStart("resume");
  await platform.waitingJobs.setPaused(false);
  await platform.jobTypes.update(job_type_id, { running_limit: 1 });
  await mayNotStart("limit");
  await platform.jobTypes.update(job_type_id, { running_limit: null });
  await platform.customers.update(customer_id, { running_limit: 3 });

  // It was not parked meanwhile: it still waits to run alone.
  expect((await platform.jobs.findById(ids[0] ?? ""))?.waiting_for).toBe("idle_runner");
  expect(await platform.runners.mustRunDry(runner_id, 0)).toBe(true);
  expect(await claimed()).toHaveLength(2);
  expect(await claimed()).toEqual([]);
  expect(await platform.runners.mustRunDry(runner_id, 0)).toBe(false);
});
