import { v7 as uuidv7 } from "uuid";
import { beforeAll, expect, test } from "vitest";
import {
  createCustomer,
  createJobType,
  createRunner,
  createTestPlatform,
  type TestPlatform,
} from "../../../../test/support/test-platform.ts";
import type { Job, Outcome } from "../../../core/model/job.ts";
import { submitJob } from "../../../core/use-cases/submit-jobs.ts";
import { waitForJob } from "./wait-for-job.ts";

let platform: TestPlatform["platform"];

beforeAll(async () => {
  ({ platform } = await createTestPlatform());
});

test("every status is told once, and the ended job is the answer", async () => {
  const customer_id = await createCustomer(platform);
  const job_type_id = await createJobType(platform);
  const submitted = await submitJob(platform, { customer_id, job_type_id, input_data: {} });
  const runner_id = await createRunner(platform);
  const seen: string[] = [];

  // Moves the job on when its status was told, so that no status can pass between two looks.
  const moveOn = async ({ id, attempt, status }: Job): Promise<void> => {
    seen.push(status);
    const outcome: Outcome = { id, attempt, kind: "succeeded", output: "done" };
    if (status === "pending") await platform.jobs.setStarted(id, runner_id);
    if (status === "running") await platform.jobs.settle([outcome]);
  };
  const ended = await waitForJob(platform, submitted.id, { onStatus: moveOn });
  expect(seen).toEqual(["pending", "running", "succeeded"]);
  expect(ended).toMatchObject({ id: submitted.id, status: "succeeded", output_data: "done" });
});

test("a job that is not there is not waited for", async () => {
  await expect(waitForJob(platform, uuidv7(), { onStatus: () => Promise.resolve() })).rejects.toMatchObject({
    code: "not_found",
  });
});
