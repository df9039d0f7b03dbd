import { BATCH_JOBS, CALL_SECONDS } from "./buckets.ts";
import { FastHistogram } from "./fast-histogram.ts";
import type { Metrics } from "./metrics.ts";

/** What is measured of each batch that a process submits, claims or settles. */
export interface BatchMetrics {
  readonly jobs: FastHistogram<"operation">;
  readonly seconds: FastHistogram<"operation">;
}

const ofMetrics = new WeakMap<Metrics, BatchMetrics>();

/** The histograms are the same for all parts of a process. */
export function batchMetrics(metrics: Metrics): BatchMetrics {
  const { registry } = metrics;
  const known = ofMetrics.get(metrics) ?? {
    jobs: new FastHistogram(
      {
        name: "iep_batch_jobs",
        help: "Jobs of each batch that was submitted, claimed or settled.",
        labels: ["operation"],
        buckets: BATCH_JOBS,
      },
      registry,
    ),
    seconds: new FastHistogram(
      {
        name: "iep_batch_seconds",
        help: "How long the database took to store or settle a batch, with all tries.",
        labels: ["operation"],
        buckets: CALL_SECONDS,
      },
      registry,
    ),
  };
  ofMetrics.set(metrics, known);
  return known;
}
