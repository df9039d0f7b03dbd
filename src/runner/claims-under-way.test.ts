import { expect, test } from "vitest";
import { createGate } from "../../test/support/gate.ts";
import { redisNamespace } from "../../test/support/redis.ts";
import {
  brokenPromises,
  createCustomer,
  createJobType,
  createTestPlatform,
} from "../../test/support/test-platform.ts";
import { startTestRunner, waitForEnd } from "../../test/support/test-runner.ts";
import { waitFor } from "../../test/support/wait-for.ts";
import { submitJob } from "../core/use-cases/submit-jobs.ts";
import { defineProcessor } from "../processors/sdk/define-processor.ts";

test("a job does not wait for the claim of the one before it, and no slot is given twice", async () => {
  const testPlatform = await createTestPlatform({ redis: redisNamespace() });
  const { platform } = testPlatform;
  // A first push that had to connect may take too long on a busy machine, and nothing refills here.
  await platform.readyQueue.join();
  const request = {
    customer_id: await createCustomer(platform),
    job_type_id: await createJobType(platform),
    input_data: null,
  };
  // The first claim has its id and takes long in PostgreSQL.
  const claims = createGate();
  const { jobs } = platform;
  const claim = jobs.claim.bind(jobs);
  let claimed = 0;
  jobs.claim = async (ids) => {
    claimed += 1;
    if (claimed === 1) await claims.opened;
    return await claim(ids);
  };
  let [running, most] = [0, 0];
  const ends = createGate();
  const runner = startTestRunner(
    testPlatform,
    [
      defineProcessor({
        id: "echo",
        async run() {
          running += 1;
          most = Math.max(most, running);
          await ends.opened;
          running -= 1;
          return null;
        },
      }),
    ],
    3,
  );
  // A pop that has waited for its whole time is followed by a claim in turns, which may meet the first job.
  const submitted = [await submitJob(platform, request)];
  await waitFor(() => claimed + running > 0, { describe: "the first claim" });
  if (claimed === 0) {
    submitted.push(await submitJob(platform, request));
    await waitFor(() => claimed > 0, { describe: "a claim by its id" });
  }
  const last = await submitJob(platform, request);
  const isRunning = async () => (await platform.jobs.findById(last.id))?.status === "running";
  await waitFor(isRunning, { describe: "the last job to run" });

  const rest = await Promise.all([1, 2, 3].map(() => submitJob(platform, request)));
  claims.open();
  await waitFor(() => runner.running === 3, { describe: "all slots to be taken" });
  ends.open();
  for (const { id } of [...submitted, last, ...rest]) {
    expect(await waitForEnd(platform, id)).toMatchObject({ status: "succeeded", attempt: 1 });
  }
  expect(most).toBe(3);
  expect(await brokenPromises(platform)).toEqual([]);
});
