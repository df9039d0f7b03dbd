import { collectDefaultMetrics } from "prom-client";
import type { Metrics } from "./metrics.ts";

/** Gauges of prom-client whose names say that they are counters, which Prometheus warns of. */
const MISNAMED = ["active_resources_total", "active_handles_total", "active_requests_total"];

/** Processor time, memory, event loop and garbage collection. Once a process: what it starts never ends. */
export function watchProcess({ registry }: Metrics): void {
  collectDefaultMetrics({ register: registry, prefix: "iep_" });
  for (const name of MISNAMED) registry.removeSingleMetric(`iep_nodejs_${name}`);
}
