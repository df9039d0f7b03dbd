import { Counter, Gauge } from "prom-client";
import type { UpkeepMeter } from "../core/model/meters.ts";
import { CALL_SECONDS } from "./buckets.ts";
import { FastHistogram } from "./fast-histogram.ts";
import type { Metrics } from "./metrics.ts";

/** Measures the upkeep of a runner. The label is the name of a task, and there are about ten. */
export function meterUpkeep(metrics: Metrics): UpkeepMeter {
  const registers = [metrics.registry];
  const durations = new FastHistogram(
    {
      name: "iep_upkeep_duration_seconds",
      help: "How long the rounds of a task took that followed one another, with the turns of other tasks between them.",
      labels: ["task"],
      buckets: CALL_SECONDS,
    },
    metrics.registry,
  );
  const failures = new Counter({
    name: "iep_upkeep_failures_total",
    help: "Rounds of a task that failed. They are tried again.",
    labelNames: ["task"],
    registers,
  });
  const lag = new Gauge({
    name: "iep_upkeep_lag_seconds",
    help: "For how long a task has been overdue: since its last round that succeeded, less its interval.",
    labelNames: ["task"],
    registers,
  });
  const rescued = new Counter({
    name: "iep_jobs_rescued_total",
    help: "Jobs of dead runners that this process gave back.",
    registers,
  });
  const tasks = new Map<string, { every_ms: number; succeeded_at: number }>();
  metrics.beforeRead(() => {
    for (const [task, { every_ms, succeeded_at }] of tasks)
      lag.set({ task }, Math.max(0, performance.now() - succeeded_at - every_ms) / 1_000);
  });

  return {
    expects(task, every_ms) {
      tasks.set(task, { every_ms, succeeded_at: performance.now() });
      failures.inc({ task }, 0);
      durations.of(task);
    },
    ran(task, seconds, succeeded) {
      durations.of(task).add(seconds);
      const known = tasks.get(task);
      if (!succeeded) failures.inc({ task });
      else if (known) known.succeeded_at = performance.now();
    },
    rescued: (jobs) => rescued.inc(jobs),
  };
}
