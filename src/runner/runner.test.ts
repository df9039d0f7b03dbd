import { beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
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
import type { Job } from "../core/model/job.ts";
import type { NewJobType } from "../core/model/job-type.ts";
import { cancelJob } from "../core/use-cases/cancel-job.ts";
import { retryJob } from "../core/use-cases/retry-job.ts";
import { submitJob, submitJobs } from "../core/use-cases/submit-jobs.ts";
import { defineProcessor } from "../processors/sdk/define-processor.ts";
import type { Processor } from "../processors/sdk/processor.ts";
import { FatalError } from "../processors/sdk/fatal-error.ts";
import type { Runner } from "./runner.ts";

let testPlatform: TestPlatform;
let platform: OpenPlatform;
let customer_id: string;

beforeEach(async () => {
  testPlatform = await createTestPlatform({ redis: redisNamespace() });
  ({ platform } = testPlatform);
  customer_id = await createCustomer(platform);
});

describe("a job", () => {
  test("runs, succeeds with its output, and is charged", async () => {
    startRunner([
      defineProcessor({ id: "double", input: z.object({ n: z.number() }), run: ({ n }) => ({ n: 2 * n }) }),
    ]);
    const job = await run("double", { n: 21 });
    expect(job).toMatchObject({ status: "succeeded", output_data: { n: 42 }, cost_cents: 10, attempt: 1 });
    expect(job.started_at).not.toBeNull();
    expect(await wallet()).toMatchObject({ current_balance_cents: 999_990, pending_charges_cents: 0 });
  });

  test("that always fails uses its attempts, costs nothing and tells why", async () => {
    let runs = 0;
    startRunner([
      defineProcessor({
        id: "flaky",
        run: () => {
          runs += 1;
          throw new Error(`no ${runs}`);
        },
      }),
    ]);
    const job = await run("flaky", null, { max_attempts: 2 });
    expect(job).toMatchObject({
      status: "failed",
      cost_cents: null,
      attempt: 2,
      error: { code: "attempt_failed", message: "no 2" },
    });
    expect(job.errors.map(({ message }) => message)).toEqual(["no 1", "no 2"]);
    expect(await wallet()).toMatchObject({ current_balance_cents: 1_000_000, pending_charges_cents: 0 });
  });

  test("that fails once succeeds at its second attempt and is charged once", async () => {
    startRunner([
      defineProcessor({
        id: "second",
        run: (_input, { attempt }) => {
          if (attempt === 1) throw new Error("not yet");
          return "done";
        },
      }),
    ]);
    const job = await run("second", null);
    expect(job).toMatchObject({ status: "succeeded", attempt: 2, output_data: "done", error: null });
    expect(job.errors).toHaveLength(1);
    expect(await wallet()).toMatchObject({ current_balance_cents: 999_990 });
  });

  test("whose processor throws a FatalError is not tried again", async () => {
    startRunner([
      defineProcessor({
        id: "fatal",
        run: () => {
          throw new FatalError("never", { code: "no_such_file" });
        },
      }),
    ]);
    expect(await run("fatal", null)).toMatchObject({
      status: "failed",
      attempt: 1,
      error: { code: "no_such_file", message: "never" },
    });
  });

  test("whose input the processor rejects is not tried again", async () => {
    startRunner([defineProcessor({ id: "strict", input: z.object({ n: z.number() }), run: () => null })]);
    const job = await run("strict", { n: "one" });
    expect(job).toMatchObject({ status: "failed", attempt: 1, error: { code: "input_invalid" } });
    expect(job.error?.message).toContain("/n");
  });

  test("whose output cannot be stored fails with that reason, and its batch does not suffer", async () => {
    startRunner([
      defineProcessor({ id: "nul", run: () => "a\u0000b" }),
      defineProcessor({ id: "fine", run: () => "ok" }),
    ]);
    const [bad, good] = await Promise.all([run("nul", null, { max_attempts: 1 }), run("fine", null)]);
    expect(bad).toMatchObject({ status: "failed", error: { code: "output_invalid" } });
    expect(good).toMatchObject({ status: "succeeded" });
  });

  test("that takes longer than its timeout is interrupted", async () => {
    let reason: unknown;
    startRunner([
      defineProcessor({
        id: "slow",
        run: (_input, { signal }) =>
          new Promise<never>(() => signal.addEventListener("abort", () => (reason = signal.reason))),
      }),
    ]);
    const job = await run("slow", null, { timeout_seconds: 1, max_attempts: 1 });
    expect(job).toMatchObject({ status: "failed", error: { code: "timed_out" } });
    expect(reason).toMatchObject({ code: "timed_out" });
  });

  test("of a type that this runner has no processor for waits for one that has, and costs no attempt", async () => {
    const job_type_id = await createJobType(platform, { processing_logic_id: "rare", max_attempts: 1 });
    const { id } = await submitJob(platform, { customer_id, job_type_id, input_data: null });
    startRunner([]);
    startRunner([defineProcessor({ id: "other", run: () => 1 })]);
    // What was submitted after it is run, so it was passed over.
    const other = await createJobType(platform, { processing_logic_id: "other" });
    for (const input_data of [1, 2]) {
      const { id: later } = await submitJob(platform, { customer_id, job_type_id: other, input_data });
      expect(await waitForEnd(platform, later)).toMatchObject({ status: "succeeded" });
    }
    expect(await platform.jobs.findById(id)).toMatchObject({ status: "pending", attempt: 0 });
    startRunner([defineProcessor({ id: "rare", run: () => "found" })]);
    expect(await waitForEnd(platform, id)).toMatchObject({ status: "succeeded", attempt: 1 });
  });

  test("pays what its processor metered, when that is less", async () => {
    startRunner([
      defineProcessor({
        id: "metered",
        run: (_input, context) => {
          context.cost(4);
          return null;
        },
      }),
    ]);
    expect(await run("metered", null)).toMatchObject({ estimated_cost_cents: 10, cost_cents: 4 });
  });
});

test("with one slot, all of high run before medium before low", async () => {
  const order: unknown[] = [];
  const job_type_id = await createJobType(platform, { processing_logic_id: "order" });
  const priorities = [2, 1, 0, 1, 2, 0] as const;
  await submitJobs(
    platform,
    priorities.map((priority) => ({ customer_id, job_type_id, priority, input_data: priority })),
  );
  startRunner([defineProcessor({ id: "order", run: (input) => order.push(input) })], 1);
  await waitFor(() => order.length === 6, { describe: () => `6 jobs, got ${order.length}` });
  expect(order).toEqual([0, 0, 1, 1, 2, 2]);
});

test("never more jobs run at once than there are slots", async () => {
  let running = 0;
  let most = 0;
  const processor = defineProcessor({
    id: "count",
    run: async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => void setImmediate(resolve));
      running -= 1;
    },
  });
  const job_type_id = await createJobType(platform, { processing_logic_id: "count" });
  startRunner([processor], 7);
  const submitted = await submitJobs(
    platform,
    Array.from({ length: 200 }, () => ({ customer_id, job_type_id, input_data: 0 })),
  );
  await waitFor(
    async () =>
      (await platform.jobs.list({ status: "succeeded" }, { limit: 300 })).length === submitted.length,
    { describe: "200 jobs" },
  );
  expect(most).toBe(7);
});

describe("a cancelled job", () => {
  test("that waits never runs, and its hold is released", async () => {
    const job_type_id = await createJobType(platform, { processing_logic_id: "echo" });
    const { id } = await submitJob(platform, { customer_id, job_type_id, input_data: 1 });
    expect(await cancelJob(platform, id)).toMatchObject({
      status: "cancelled",
      cost_cents: null,
      attempt: 0,
    });
    expect(await wallet()).toMatchObject({ current_balance_cents: 1_000_000, pending_charges_cents: 0 });
    await expect(cancelJob(platform, id)).rejects.toMatchObject({ code: "job_already_ended" });
    expect(await brokenPromises(platform)).toEqual([]);
  });

  test("that runs is told to stop within two seconds, costs nothing, and its slot is free again", async () => {
    let reason: unknown;
    const runner = startRunner(
      [
        defineProcessor({
          id: "endless",
          run: (_input, { signal }) =>
            new Promise<never>(() => signal.addEventListener("abort", () => (reason = signal.reason))),
        }),
        defineProcessor({ id: "echo2", run: (input) => input }),
      ],
      1,
    );
    const job_type_id = await createJobType(platform, { processing_logic_id: "endless" });
    const { id } = await submitJob(platform, { customer_id, job_type_id, input_data: 1 });
    await waitFor(() => runner.running === 1, { describe: "a running job" });
    const cancelled_at = performance.now();
    await cancelJob(platform, id);
    await waitFor(() => reason, { describe: "the processor to be told" });
    const told_ms = Math.round(performance.now() - cancelled_at);
    console.log(`a running job's processor was told of the cancel after ${told_ms} ms`);
    expect(told_ms).toBeLessThan(2_000);
    await waitFor(() => runner.running === 0, { describe: "the slot to be free" });
    expect(runner.refused).toBe(0);
    expect(reason).toMatchObject({ code: "cancelled" });
    expect(await run("echo2", "next")).toMatchObject({ status: "succeeded" });
    expect(await platform.jobs.findById(id)).toMatchObject({ status: "cancelled", cost_cents: null });
    expect(await wallet()).toMatchObject({ current_balance_cents: 999_990, pending_charges_cents: 0 });
    expect(await brokenPromises(platform)).toEqual([]);
  });

  test("can be retried as a new job with a hold of its own", async () => {
    const job_type_id = await createJobType(platform, { processing_logic_id: "echo" });
    const { id } = await submitJob(platform, { customer_id, job_type_id, input_data: { n: 1 }, priority: 2 });
    await expect(retryJob(platform, id)).rejects.toMatchObject({ code: "job_not_ended" });
    await cancelJob(platform, id);
    const again = await retryJob(platform, id);
    expect(again).toMatchObject({ status: "pending", retry_of: id, input_data: { n: 1 }, priority: 2 });
    expect(await wallet()).toMatchObject({ pending_charges_cents: 10 });
  });
});

test("a paused queue claims nothing until it is resumed", async () => {
  const runner = startRunner([defineProcessor({ id: "echo3", run: (input) => input })]);
  await platform.waitingJobs.setPaused(true);
  const job_type_id = await createJobType(platform, { processing_logic_id: "echo3" });
  // The runner hears of it with a heartbeat; the database refuses claims from this moment on.
  const { id } = await submitJob(platform, { customer_id, job_type_id, input_data: 1 });
  expect(await platform.readyQueue.claim({ runner_id: runner.id, max: 1, wait_ms: 0 })).toEqual([]);
  expect((await platform.jobs.findById(id))?.status).toBe("pending");
  await platform.waitingJobs.setPaused(false);
  await waitForEnd(platform, id);
});

describe("stopping", () => {
  test("lets running jobs end within the grace, and claims nothing more", async () => {
    const gate = createGate();
    const runner = startRunner([defineProcessor({ id: "gated", run: () => gate.opened })], 1);
    const job_type_id = await createJobType(platform, { processing_logic_id: "gated" });
    const [first, second] = await Promise.all([
      submitJob(platform, { customer_id, job_type_id, input_data: 1 }),
      submitJob(platform, { customer_id, job_type_id, input_data: 2 }),
    ]);
    await waitFor(() => runner.running === 1, { describe: "a running job" });
    const stopped = runner.stop(10_000);
    gate.open();
    await stopped;
    const jobs = await Promise.all([first, second].map(({ id }) => platform.jobs.findById(id)));
    expect(new Set(jobs.map((job) => job?.status))).toEqual(new Set(["pending", "succeeded"]));
    expect(await brokenPromises(platform)).toEqual([]);
  });

  test("gives back what does not end in time: pending, and the attempt does not count", async () => {
    const runner = startRunner([
      defineProcessor({ id: "endless", run: () => new Promise<never>(() => undefined) }),
    ]);
    const job_type_id = await createJobType(platform, { processing_logic_id: "endless", max_attempts: 1 });
    const { id } = await submitJob(platform, { customer_id, job_type_id, input_data: 1 });
    await waitFor(() => runner.running === 1, { describe: "a running job" });
    await runner.stop(0);
    expect(await platform.jobs.findById(id)).toMatchObject({ status: "pending", errors: [], error: null });

    startRunner([defineProcessor({ id: "endless", run: () => "now it ends" })]);
    const job = await waitForEnd(platform, id);
    expect(job).toMatchObject({ status: "succeeded", max_attempts: 1 });
    expect(await brokenPromises(platform)).toEqual([]);
  });
});

function startRunner(processors: readonly Processor[], concurrency?: number): Runner {
  return startTestRunner(testPlatform, processors, concurrency);
}

/** Submits one job of a processor and waits until it has ended. */
async function run(
  processing_logic_id: string,
  input_data: unknown,
  type: Partial<NewJobType> = {},
): Promise<Job> {
  const job_type_id = await createJobType(platform, { processing_logic_id, ...type });
  const { id } = await submitJob(platform, { customer_id, job_type_id, input_data });
  return await waitForEnd(platform, id);
}

async function wallet() {
  return await platform.wallets.findByCustomerId(customer_id);
}
