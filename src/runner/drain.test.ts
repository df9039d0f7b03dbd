import { beforeEach, expect, test } from "vitest";
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
import { submitJob } from "../core/use-cases/submit-jobs.ts";
import { defineProcessor } from "../processors/sdk/define-processor.ts";

let testPlatform: TestPlatform;
let platform: OpenPlatform;
let customer_id: string;

async function infoOf(id: string) {
  const runner = await platform.runners.findById(id);
  if (!runner) throw new Error(`${id} is not registered`);
  return runner;
}

for (const queue of ["Redis", "PostgreSQL"] as const) {
  test(`a runner that drains finishes what it has and takes nothing more, until it is resumed: ${queue}`, async () => {
    testPlatform = await createTestPlatform(queue === "Redis" ? { redis: redisNamespace() } : {});
    ({ platform } = testPlatform);
    customer_id = await createCustomer(platform);
    const gate = createGate();
    const processor = defineProcessor({ id: "gated", run: async (input) => (await gate.opened, input) });
    const runner = startTestRunner(testPlatform, [processor], 4);
    const job_type_id = await createJobType(platform, { processing_logic_id: "gated" });
    const submit = async () => (await submitJob(platform, { customer_id, job_type_id, input_data: 1 })).id;
    const first = await submit();
    await waitFor(() => runner.running === 1);
    expect(await infoOf(runner.id)).toMatchObject({ running: 1, draining_at: null });

    expect(await platform.runners.setDrain(runner.id, { exits: false })).toBe(true);
    await waitFor(() => runner.drains, { describe: "the runner to hear of it" });
    const later = await submit();
    await platform.readyQueue.refill();
    gate.open();
    expect((await waitForEnd(platform, first)).status).toBe("succeeded");
    expect(await infoOf(runner.id)).toMatchObject({ running: 0, exits_when_drained: false });
    expect(await platform.jobs.findById(later)).toMatchObject({ status: "pending", waiting_for: "runner" });
    expect((await platform.waitingJobs.unserved()).map((one) => one.job_type_id)).toEqual([job_type_id]);

    expect(await platform.runners.setDrain(runner.id, undefined)).toBe(true);
    expect((await waitForEnd(platform, later)).status).toBe("succeeded");
    expect(await brokenPromises(platform)).toEqual([]);
  });
}

beforeEach(async () => {
  testPlatform = await createTestPlatform({ redis: redisNamespace() });
  ({ platform } = testPlatform);
  customer_id = await createCustomer(platform);
});

test("a runner that is to end says so when all it had is written", async () => {
  const gate = createGate();
  const processor = defineProcessor({ id: "gated", run: async (input) => (await gate.opened, input) });
  const runner = startTestRunner(testPlatform, [processor], 4);
  const job_type_id = await createJobType(platform, { processing_logic_id: "gated" });
  const { id } = await submitJob(platform, { customer_id, job_type_id, input_data: 1 });
  await waitFor(() => runner.running === 1);
  let hasDrained = false;
  const drained = runner.drained().then(() => (hasDrained = true));
  await platform.runners.setDrain(runner.id, { exits: true });
  await waitFor(() => runner.drains);
  expect(hasDrained).toBe(false);
  gate.open();
  await drained;
  expect((await platform.jobs.findById(id))?.status).toBe("succeeded");
});

test("a runner that was declared dead goes on draining under its new id", async () => {
  const runner = startTestRunner(testPlatform, [defineProcessor({ id: "echo", run: (input) => input })]);
  await waitFor(async () => await platform.runners.findById(runner.id));
  const lost = runner.id;
  await platform.runners.setDrain(lost, { exits: false });
  await waitFor(() => runner.drains);
  await platform.runners.deregister(lost);
  await waitFor(async () => runner.id !== lost && (await platform.runners.findById(runner.id)));
  expect((await infoOf(runner.id)).draining_at).not.toBeNull();
  expect(runner.drains).toBe(true);
});

test("one that is not there cannot be drained", async () => {
  expect(await platform.runners.setDrain(customer_id, { exits: false })).toBe(false);
});
