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
