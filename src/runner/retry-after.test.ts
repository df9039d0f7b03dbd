import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { directoryWith } from "../../test/support/directory-with.ts";
import {
  brokenPromises,
  createCustomer,
  createJobType,
  createTestPlatform,
  type TestPlatform,
} from "../../test/support/test-platform.ts";
import { startTestRunner, waitForEnd } from "../../test/support/test-runner.ts";
import { waitFor } from "../../test/support/wait-for.ts";
import type { Job } from "../core/model/job.ts";
import { retryJob } from "../core/use-cases/retry-job.ts";
import { submitJob } from "../core/use-cases/submit-jobs.ts";
import { loadProcessors } from "../processors/loader/registry.ts";
import { testContext } from "../processors/sdk/test-context.ts";

/** Far longer than the usual back-off of the first failure. */
const DELAY_MS = 600_000;
const IMPORTS = `import { defineProcessor, RetryAfter } from "innovation-ecosystem-platform/processors";`;

let testPlatform: TestPlatform;
let customer_id: string;

beforeEach(async () => {
  testPlatform = await createTestPlatform();
  customer_id = await createCustomer(testPlatform.platform);
});

async function startWith(files: Readonly<Record<string, string>>): Promise<void> {
  const { processors, faults } = await loadProcessors({ directory: await directoryWith(files) });
  expect(faults).toEqual([]);
  startTestRunner(testPlatform, [...processors.values()]);
}

async function submit(id: string, options: { max_attempts?: number } = {}): Promise<Job> {
  const { platform } = testPlatform;
  const job_type_id = await createJobType(platform, {
    processing_logic_id: id,
    timeout_seconds: 50,
    ...options,
  });
  return await submitJob(platform, { customer_id, job_type_id, input_data: null });
}

describe("an attempt that asks to be tried again later", () => {
  const throws = `throw new RetryAfter("The archive is busy.", { delay_ms: ${DELAY_MS}, code: "archive_busy" });`;
  const files = {
    "plain.ts": `${IMPORTS}\nexport default defineProcessor({ id: "plain", run() { ${throws} } });`,
    "thread.ts": `${IMPORTS}\nexport default defineProcessor({ id: "thread", thread: true, run() { ${throws} } });`,
    "tool/processor.json": JSON.stringify({
      id: "tool",
      command: [
        "sh",
        "-c",
        `printf '{"retry_after_ms":${DELAY_MS}}'; echo The archive is busy. >&2; exit 75`,
      ],
    }),
  };

  test.each([
    ["plain", "archive_busy"],
    ["thread", "archive_busy"],
    ["tool", "attempt_failed"],
  ])("waits that long for the next one (%s)", async (id, code) => {
    await startWith(files);
    const { id: job_id } = await submit(id);
    const job = await waitFor(async () => {
      const found = await testPlatform.platform.jobs.findById(job_id);
      return found?.status === "pending" && found.attempt === 1 && found;
    });
    expect(job.errors).toMatchObject([{ attempt: 1, code, message: "The archive is busy." }]);
    const waits_ms = Date.parse(job.run_at) - Date.parse(job.errors[0]?.at ?? "");
    expect(Math.abs(waits_ms - DELAY_MS)).toBeLessThan(5_000);
    expect(await brokenPromises(testPlatform.platform)).toEqual([]);
  });

  test("uses an attempt: after the last one the job fails, and costs nothing", async () => {
    await startWith(files);
    const { id } = await submit("plain", { max_attempts: 1 });
    expect(await waitForEnd(testPlatform.platform, id)).toMatchObject({
      status: "failed",
      cost_cents: null,
      error: { code: "archive_busy", message: "The archive is busy." },
    });
  });
});

describe("an attempt knows its idempotency key and its remaining time", () => {
  const told = (thread: boolean): string => `${IMPORTS}
    const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
    export default defineProcessor({
      id: "told", thread: ${thread},
      async run(_input, ctx) {
        const before = ctx.remaining_ms;
        await sleep(60);
        if (ctx.attempt === 1) throw new RetryAfter(ctx.idempotencyKey, { delay_ms: 0 });
        return { key: ctx.idempotencyKey, before, passed: before - ctx.remaining_ms };
      },
    });`;

  test.each([false, true])("thread: %s", async (thread) => {
    await startWith({ "told.ts": told(thread) });
    const { id } = await submit("told");
    const job = await waitForEnd(testPlatform.platform, id);
    expect(job).toMatchObject({ status: "succeeded", attempt: 2 });
    const output = job.output_data as { key: string; before: number; passed: number }; // As `told` returns it.
    // The same in both attempts.
    expect(output.key).toBe(job.errors[0]?.message);
    expect(output.before).toBeGreaterThan(20_000);
    expect(output.before).toBeLessThanOrEqual(50_000);
    expect(output.passed).toBeGreaterThanOrEqual(55);
  });

  test("a command has both on stdin and in its environment", async () => {
    await startWith({
      "tool/processor.json": JSON.stringify({ id: "told", command: ["./run.sh"] }),
      "tool/run.sh": `#!/bin/sh\nprintf '{"output":{"stdin":%s,"key":"%s","remaining":%s}}' "$(cat)" "$IEP_IDEMPOTENCY_KEY" "$IEP_REMAINING_MS"`,
    });
    const { id } = await submit("told");
    const job = await waitForEnd(testPlatform.platform, id);
    expect(job.output_data).toMatchObject({
      stdin: { idempotency_key: id, remaining_ms: expect.any(Number) },
      key: id,
    });
    const { remaining } = job.output_data as { remaining: number }; // As the script writes it.
    expect(remaining).toBeGreaterThan(20_000);
    expect(remaining).toBeLessThanOrEqual(50_000);
  });

  test("a job that retries another has a key of its own", async () => {
    await startWith({
      "key.ts": `${IMPORTS}\nexport default defineProcessor({ id: "key", run(_input, ctx) { throw new Error(ctx.idempotencyKey); } });`,
    });
    const { platform } = testPlatform;
    const first = await waitForEnd(platform, (await submit("key", { max_attempts: 1 })).id);
    const second = await waitForEnd(platform, (await retryJob(platform, first.id)).id);
    expect(second.retry_of).toBe(first.id);
    expect(second.error?.message).not.toBe(first.error?.message);
  });
});

test("apart, the time of an attempt begins when its processor is loaded", async () => {
  const directory = await directoryWith({
    "slow.ts": `${IMPORTS}
      await new Promise((resolve) => setTimeout(resolve, 300));
      export default defineProcessor({ id: "slow", run: (_input, ctx) => [ctx.remaining_ms, ctx.idempotencyKey] });`,
  });
  const { processors } = await loadProcessors({ directory });
  const context = testContext({ remaining_ms: 1_000 });
  const output = await processors.get("slow")?.runApart?.({
    input_data: null,
    context,
    onStarted: () => undefined,
  });
  const [remaining, key] = JSON.parse((output as { text: string }).text) as [number, string]; // As `slow` returns it.
  expect(remaining).toBeGreaterThan(900);
  expect(key).toBe(context.idempotencyKey);
  expect(join(directory, "slow.ts")).toBe(processors.get("slow")?.origin);
});
