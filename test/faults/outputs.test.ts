import { expect, test } from "vitest";
import { submitJob } from "../../src/core/use-cases/submit-jobs.ts";
import { defineProcessor } from "../../src/processors/sdk/define-processor.ts";
import { createGate } from "../support/gate.ts";
import {
  brokenPromises,
  createCustomer,
  createJobType,
  createTestPlatform,
} from "../support/test-platform.ts";
import { runSql } from "../support/sql.ts";
import { startTestRunner, waitForEnd } from "../support/test-runner.ts";
import { waitFor } from "../support/wait-for.ts";

test("an output that is nested too deep fails its own job, and no lease of another is given up", async () => {
  const testPlatform = await createTestPlatform();
  const { platform } = testPlatform;
  const customer_id = await createCustomer(platform);
  const gate = createGate();
  const attempts: number[] = [];
  const runner = startTestRunner(testPlatform, [
    defineProcessor({ id: "deep", run: () => JSON.parse("[".repeat(3_000) + "]".repeat(3_000)) as unknown }),
    defineProcessor({
      id: "neighbour",
      async run(_input, { attempt }) {
        attempts.push(attempt);
        await gate.opened;
        return "done";
      },
    }),
  ]);
  const submit = async (processing_logic_id: string): Promise<string> => {
    const job_type_id = await createJobType(platform, { processing_logic_id, max_attempts: 1 });
    return (await submitJob(platform, { customer_id, job_type_id, input_data: null })).id;
  };
  const neighbour = await submit("neighbour");
  await waitFor(() => attempts.length === 1, { describe: "the neighbour to run" });
  const id = runner.id;

  const deep = await waitForEnd(platform, await submit("deep"));
  expect(deep).toMatchObject({ status: "failed", error: { code: "output_invalid" }, cost_cents: null });
  gate.open();
  expect(await waitForEnd(platform, neighbour)).toMatchObject({ status: "succeeded", output_data: "done" });
  expect({ attempts, id: runner.id }).toEqual({ attempts: [1], id });
  expect(await brokenPromises(platform)).toEqual([]);
});

test("an outcome that the database refuses for good fails its own job, and no lease of another is given up", async () => {
  const testPlatform = await createTestPlatform();
  const { platform, databaseUrl } = testPlatform;
  const customer_id = await createCustomer(platform);
  const gate = createGate();
  // No output is known that the database refuses after our check: so it is told to refuse one.
  await runSql(
    databaseUrl,
    `ALTER TABLE jobs ADD CONSTRAINT unlikely CHECK (output_data <> '"refused"' AND NOT coalesce(errors::text ~ 'refused', false))`,
  );
  const attempts: string[] = [];
  const runner = startTestRunner(testPlatform, [
    defineProcessor({ id: "refused", run: () => "refused" }),
    defineProcessor({
      id: "refused.error",
      run: () => {
        throw new Error("refused");
      },
    }),
    defineProcessor({ id: "quick", run: () => "done" }),
    defineProcessor({
      id: "neighbour",
      async run(_input, { attempt }) {
        attempts.push(`neighbour ${attempt}`);
        await gate.opened;
        return "done";
      },
    }),
  ]);
  const submit = async (processing_logic_id: string): Promise<string> => {
    const job_type_id = await createJobType(platform, { processing_logic_id });
    return (await submitJob(platform, { customer_id, job_type_id, input_data: null })).id;
  };
  const neighbour = await submit("neighbour");
  await waitFor(() => attempts.length === 1, { describe: "the neighbour to run" });
  const id = runner.id;
  const [refused, refusedError, ...quick] = await Promise.all(
    ["refused", "refused.error", "quick", "quick", "quick"].map(submit),
  );
  for (const job of [refused, refusedError]) {
    expect(await waitForEnd(platform, job ?? "")).toMatchObject({
      status: "failed",
      error: { code: "output_invalid" },
      attempt: 1,
    });
  }
  for (const job of quick) expect(await waitForEnd(platform, job)).toMatchObject({ status: "succeeded" });
  gate.open();
  expect(await waitForEnd(platform, neighbour)).toMatchObject({
    status: "succeeded",
    attempt: 1,
    errors: [],
  });
  expect({ attempts, id: runner.id }).toEqual({ attempts: ["neighbour 1"], id });
  expect(await brokenPromises(platform)).toEqual([]);
});
