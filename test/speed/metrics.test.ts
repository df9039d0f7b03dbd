import { expect, test } from "vitest";
import type { JobType } from "../../src/core/model/job-type.ts";
import type { ClaimedJob, Job } from "../../src/core/model/job.ts";
import { createMetrics } from "../../src/metrics/metrics.ts";
import { meterRunner } from "../../src/metrics/runner-metrics.ts";
import { meterSubmissions } from "../../src/metrics/submit-metrics.ts";

/** A runner needs about 20 µs of processor time for a job that it drains: this is 2 % of it. */
const MAX_US = 0.4;
const BATCHES = 500;

test("counting a job takes little processor time", () => {
  const metrics = createMetrics();
  const { meter } = meterRunner(metrics, ["echo"], { waits: async () => await Promise.resolve([]) });
  const submissions = meterSubmissions(metrics);
  // Counting looks at nothing else of them.
  const jobs = Array.from(
    { length: 1_000 },
    (_, n) => ({ id: String(n), priority: n % 3 }) as ClaimedJob & Job,
  );
  const submitted = jobs.map((job) => ({ job, due: true }));
  const ended = jobs.map((job, n) => ({
    job,
    jobType: { processing_logic_id: "echo" } as JobType,
    outcome: { id: job.id, attempt: 1, kind: "succeeded" as const, output: null },
    run_ms: n,
  }));
  const count = (): void => {
    for (let batch = 0; batch < BATCHES; batch += 1) {
      submissions.stored(submitted, 0.01);
      meter.claimed(jobs);
      meter.settled(ended, 0, 0.01);
    }
  };
  count();
  const before = process.cpuUsage();
  count();
  const { user, system } = process.cpuUsage(before);
  const spent_us = (user + system) / (BATCHES * jobs.length);
  console.log(`counting a job from its submission to its end takes ${spent_us.toFixed(3)} µs`);
  expect(spent_us).toBeLessThan(MAX_US);
});
