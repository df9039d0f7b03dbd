import { expect, test } from "vitest";
import { createCustomer, createJobType, createTestPlatform } from "../../../test/support/test-platform.ts";
import type { JobRepository } from "../model/job.ts";
import { submitJob } from "./submit-jobs.ts";
import { createWaitForEnd } from "./wait-for-end.ts";

const WAITING = 100;

test("those who wait look together, and each reads its job once", async () => {
  const { platform } = await createTestPlatform();
  const customer_id = await createCustomer(platform);
  const job_type_id = await createJobType(platform);
  const submitted = await Promise.all(
    Array.from({ length: WAITING }, () => submitJob(platform, { customer_id, job_type_id, input_data: 7 })),
  );
  const calls = { findById: 0, findEnded: 0 };
  // The real ones, counted.
  const jobs: Pick<JobRepository, keyof typeof calls> = {
    findById: async (id) => {
      calls.findById += 1;
      return await platform.jobs.findById(id);
    },
    findEnded: async (ids) => {
      calls.findEnded += 1;
      return await platform.jobs.findEnded(ids);
    },
  };
  const waitForEnd = createWaitForEnd({ jobs, jobChanges: platform.jobChanges });
  const { signal } = new AbortController();
  const waiting = submitted.map((job) => waitForEnd(job, { wait_ms: 30_000, signal }));
  // Told by nobody: each finds it by its own look.
  for (const { id } of submitted) await platform.jobs.cancel(id);
  const ended = await Promise.all(waiting);
  expect(ended.map(({ id, status }) => [id, status])).toEqual(submitted.map(({ id }) => [id, "cancelled"]));
  expect(calls.findById).toBe(WAITING);
  expect(calls.findEnded).toBeLessThan(WAITING / 2);
});

test("one whose client has left waits for nothing", async () => {
  const { platform } = await createTestPlatform();
  const customer_id = await createCustomer(platform);
  const job_type_id = await createJobType(platform);
  const job = await submitJob(platform, { customer_id, job_type_id, input_data: 7 });
  const since = performance.now();
  const seen = await createWaitForEnd(platform)(job, { wait_ms: 60_000, signal: AbortSignal.abort() });
  expect(seen).toMatchObject({ id: job.id, status: "pending" });
  expect(performance.now() - since).toBeLessThan(30_000);
});
