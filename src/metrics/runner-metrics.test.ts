import { expect, test } from "vitest";
import type { JobType } from "../core/model/job-type.ts";
import type { ClaimedJob, Outcome } from "../core/model/job.ts";
import { submitJobs } from "../core/use-cases/submit-jobs.ts";
import { Settlements } from "../runner/settlements.ts";
import {
  createCustomer,
  createJobType,
  createRunner,
  createTestPlatform,
} from "../../test/support/test-platform.ts";
import { waitFor } from "../../test/support/wait-for.ts";
import { createMetrics, type Metrics } from "./metrics.ts";
import { meterRunner, watchRunner } from "./runner-metrics.ts";

const NO_WAITS = { waits: async () => await Promise.resolve([]) };

async function valueOf(metrics: Metrics, series: string): Promise<number | undefined> {
  const line = (await metrics.read()).split("\n").find((one) => one.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length));
}

/** Counting looks at nothing else of an attempt. */
const ended = (processor: string | undefined, kind: Outcome["kind"], run_ms = 20) => ({
  job: {} as ClaimedJob,
  jobType: processor === undefined ? undefined : ({ processing_logic_id: processor } as JobType),
  outcome: { kind } as Outcome,
  run_ms,
});

test("attempts count by processor and outcome; one whose type names no processor of the runner is `other`", async () => {
  const metrics = createMetrics();
  const { meter } = meterRunner(metrics, ["echo"], NO_WAITS);
  meter.settled([ended("echo", "succeeded"), ended("echo", "retry"), ended("echo", "released")], 0, 0.01);
  meter.settled([ended("echo", "succeeded"), ended("gone", "failed"), ended(undefined, "failed")], 2, 0.01);
  const settled = async (processor: string, outcome: string) =>
    await valueOf(metrics, `iep_jobs_settled_total{processor="${processor}",outcome="${outcome}"}`);
  expect(await settled("echo", "succeeded")).toBe(2);
  expect(await settled("echo", "retry")).toBe(1);
  expect(await settled("echo", "released")).toBe(1);
  expect(await settled("other", "failed")).toBe(2);
  expect(await settled("gone", "failed")).toBeUndefined();
  // One that was given back unfinished has not run to its end.
  expect(await valueOf(metrics, 'iep_job_run_seconds_count{processor="echo"}')).toBe(3);
  expect(await valueOf(metrics, 'iep_job_run_seconds_sum{processor="echo"}')).toBeCloseTo(0.06);
  expect(await valueOf(metrics, "iep_stale_settles_refused_total")).toBe(2);
  expect(await valueOf(metrics, 'iep_batch_jobs_sum{operation="settle"}')).toBe(8);
});

test("an outcome that the fence refuses counts as refused, and not as settled", async () => {
  const { platform } = await createTestPlatform();
  const [customer_id, job_type_id] = [await createCustomer(platform), await createJobType(platform)];
  await submitJobs(
    platform,
    [0, 1].map((n) => ({ customer_id, job_type_id, input_data: n })),
  );
  const jobs = await platform.jobs.claimTurns({ runner_id: await createRunner(platform), max: 2 });
  await platform.jobs.cancel(jobs[0]?.id ?? "");

  const metrics = createMetrics();
  const { meter } = meterRunner(metrics, ["echo"], NO_WAITS);
  let written = 0;
  const ignore = (): void => undefined;
  const settlements = new Settlements(platform.jobs, {
    queueMax: 10,
    onRetry: ignore,
    onInvalid: ignore,
    onFailed: ignore,
    onSettled: () => void (written += 1),
    meter,
  });
  for (const job of jobs) {
    settlements.open(job.lease_id);
    const { id, attempt } = job;
    const { jobType } = ended("echo", "succeeded");
    settlements.settle({ job, jobType, outcome: { id, attempt, kind: "succeeded", output: 1 }, run_ms: 1 });
  }
  await waitFor(() => written === 2, { describe: "both outcomes to be told" });
  expect(await valueOf(metrics, "iep_stale_settles_refused_total")).toBe(1);
  const succeeded = 'iep_jobs_settled_total{processor="echo",outcome="succeeded"}';
  expect(await valueOf(metrics, succeeded)).toBe(1);
});

test("slots are busy and free, and never less than none", async () => {
  const metrics = createMetrics();
  const runner = { running: 5, unwritten: 2 };
  watchRunner(metrics, runner, 8);
  const states = async () => [
    await valueOf(metrics, 'iep_slots{state="busy"}'),
    await valueOf(metrics, 'iep_slots{state="free"}'),
  ];
  expect(await states()).toEqual([5, 3]);
  runner.running = 9;
  expect(await states()).toEqual([9, 0]);
  expect(await valueOf(metrics, "iep_outcomes_unwritten")).toBe(2);
});
