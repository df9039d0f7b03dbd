import { Counter, Gauge } from "prom-client";
import { PRIORITIES } from "../core/model/job.ts";
import type { SubmitMeter } from "../core/model/meters.ts";
import { batchMetrics } from "./batch-metrics.ts";
import type { Metrics } from "./metrics.ts";

/** Counts submissions. */
export function meterSubmissions(metrics: Metrics): SubmitMeter {
  const registers = [metrics.registry];
  const submitted = new Counter({
    name: "iep_jobs_submitted_total",
    help: "Jobs that were priced, held and stored.",
    labelNames: ["priority"],
    registers,
  });
  const refused = new Counter({
    name: "iep_submissions_refused_total",
    help: "Submissions that the database refused, by the code of the error.",
    labelNames: ["code"],
    registers,
  });
  const batches = batchMetrics(metrics);
  const [batchJobs, batchTime] = [batches.jobs.of("submit"), batches.seconds.of("submit")];
  for (const priority of PRIORITIES) submitted.inc({ priority }, 0);

  return {
    stored(results, seconds) {
      batchJobs.add(results.length);
      batchTime.add(seconds);
      const counts = { 0: 0, 1: 0, 2: 0 };
      const refusals = new Map<string, number>();
      for (const one of results) {
        if ("refused" in one) refusals.set(one.refused.code, (refusals.get(one.refused.code) ?? 0) + 1);
        else if (one.replayed !== true) counts[one.job.priority] += 1;
      }
      for (const priority of PRIORITIES)
        if (counts[priority] > 0) submitted.inc({ priority }, counts[priority]);
      for (const [code, count] of refusals) refused.inc({ code }, count);
    },
  };
}

/** Shows how many submissions of this process wait for the database. */
export function watchSubmissions(metrics: Metrics, submissions: { readonly size: number }): void {
  const waiting = new Gauge({
    name: "iep_submissions_waiting",
    help: "Submissions of this process that wait for the database or are under way.",
    registers: [metrics.registry],
  });
  metrics.beforeRead(() => waiting.set(submissions.size));
}
