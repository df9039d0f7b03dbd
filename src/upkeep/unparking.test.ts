import { expect, test } from "vitest";
import {
  brokenPromises,
  createCustomer,
  createJobType,
  createRunner,
  createTestPlatform,
} from "../../test/support/test-platform.ts";
import { submitJob } from "../core/use-cases/submit-jobs.ts";
import { unparking } from "./unparking.ts";

test("jobs of a paused type come back once it is resumed, and not before", async () => {
  const { platform } = await createTestPlatform();
  const job_type_id = await createJobType(platform);
  const runner_id = await createRunner(platform);
  const claim = () => platform.readyQueue.claim({ runner_id, max: 10, wait_ms: 0 });
  await platform.jobTypes.setPaused(job_type_id, true);
  const customer_id = await createCustomer(platform);
  const { id } = await submitJob(platform, { customer_id, job_type_id, input_data: 0 });
  const upkeep = unparking(platform.waitingJobs);

  expect(await claim()).toEqual([]);
  expect(await upkeep.runOnce()).toBe(false);
  expect(await claim()).toEqual([]);
  await platform.jobTypes.setPaused(job_type_id, false);
  expect(await upkeep.runOnce()).toBe(false);
  expect((await claim()).map((job) => job.id)).toEqual([id]);
  expect(await brokenPromises(platform)).toEqual([]);
});
