import { Counter, Gauge } from "prom-client";
import type { GaugeRepository } from "../core/model/gauges.ts";
import { PRIORITIES, type Outcome } from "../core/model/job.ts";
import { PROCESSOR_LABELS_MAX } from "../core/model/limits.ts";
import type { EndedAttempt, RunnerMeter } from "../core/model/meters.ts";
import { batchMetrics } from "./batch-metrics.ts";
import { JOB_SECONDS } from "./buckets.ts";
import { FastHistogram } from "./fast-histogram.ts";
import type { Metrics } from "./metrics.ts";
import type { Series } from "./series.ts";
import { WaitSample } from "./wait-sample.ts";

/** The label of processors that a runner does not have, and of those beyond the limit. */
const OTHER = "other";
const OUTCOMES: readonly Outcome["kind"][] = ["succeeded", "failed", "retry", "released", "cancelled"];

interface RunnerMetrics {
  readonly meter: RunnerMeter;
  /** Reads how long a sample of the claimed jobs had waited. */
  measureWaits(): Promise<void>;
}

/** What is counted of one processor between two reads of the metrics. */
interface Tally {
  readonly run: Series;
  readonly counts: Record<Outcome["kind"], number>;
}

/**
 * Counts what a runner claims and settles. `processors` are the ids of those that it has: they bound the
 * label, as the names of job types would not.
 */
export function meterRunner(
  metrics: Metrics,
  processors: readonly string[],
  gauges: Pick<GaugeRepository, "waits">,
): RunnerMetrics {
  const registers = [metrics.registry];
  const settled = new Counter({
    name: "iep_jobs_settled_total",
    help: "Attempts that ended, by outcome. `retry` and `released` wait again; the others have ended.",
    labelNames: ["processor", "outcome"],
    registers,
  });
  const stales = new Counter({
    name: "iep_stale_settles_refused_total",
    help: "Outcomes that were refused because the job was no longer this runner's. Nothing was written or charged.",
    registers,
  });
  const runs = new FastHistogram(
    {
      name: "iep_job_run_seconds",
      help: "How long attempts ran. Those that were given back unfinished do not count.",
      labels: ["processor"],
      buckets: JOB_SECONDS,
    },
    metrics.registry,
  );
  const waits = new FastHistogram(
    {
      name: "iep_job_wait_seconds",
      help: "How long jobs waited from the moment they were due until they were started. A sample: up to 200 a second of each runner.",
      labels: ["priority"],
      buckets: JOB_SECONDS,
    },
    metrics.registry,
  );
  const batches = batchMetrics(metrics);
  const [claimJobs, settleJobs, settleTime] = [
    batches.jobs.of("claim"),
    batches.jobs.of("settle"),
    batches.seconds.of("settle"),
  ];
  const sample = new WaitSample();
  const tallies = new Map(
    [...processors.slice(0, PROCESSOR_LABELS_MAX), OTHER].map((id): [string, Tally] => [
      id,
      { run: runs.of(id), counts: { succeeded: 0, failed: 0, retry: 0, released: 0, cancelled: 0 } },
    ]),
  );
  const other = tallies.get(OTHER);
  for (const priority of PRIORITIES) waits.of(String(priority));
  metrics.beforeRead(() => {
    settled.reset();
    for (const [processor, { counts }] of tallies)
      for (const outcome of OUTCOMES) settled.inc({ processor, outcome }, counts[outcome]);
  });

  const count = ({ jobType, outcome, run_ms }: EndedAttempt): void => {
    const tally = tallies.get(jobType?.processing_logic_id ?? OTHER) ?? other;
    if (!tally) return;
    tally.counts[outcome.kind] += 1;
    if (outcome.kind !== "released") tally.run.add(run_ms / 1_000);
  };

  return {
    meter: {
      claimed(jobs) {
        claimJobs.add(jobs.length);
        sample.add(jobs);
      },
      settled(written, stale, seconds) {
        settleJobs.add(written.length + stale);
        settleTime.add(seconds);
        written.forEach(count);
        if (stale > 0) stales.inc(stale);
      },
    },
    async measureWaits() {
      const jobs = sample.take();
      if (jobs.length === 0) return;
      for (const { priority, waited_seconds } of await gauges.waits(jobs))
        waits.of(String(priority)).add(waited_seconds);
    },
  };
}

interface ShownRunner {
  readonly running: number;
  readonly unwritten: number;
}

/** Shows what a runner does now. */
export function watchRunner(metrics: Metrics, runner: ShownRunner, concurrency: number): void {
  const registers = [metrics.registry];
  const slots = new Gauge({
    name: "iep_slots",
    help: "Jobs that this runner runs (`busy`), and that it could run as well (`free`).",
    labelNames: ["state"],
    registers,
  });
  const unwritten = new Gauge({
    name: "iep_outcomes_unwritten",
    help: "Attempts that have ended and whose outcome this runner has not written yet.",
    registers,
  });
  metrics.beforeRead(() => {
    slots.set({ state: "busy" }, runner.running);
    slots.set({ state: "free" }, Math.max(0, concurrency - runner.running));
    unwritten.set(runner.unwritten);
  });
}
