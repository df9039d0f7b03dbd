import { Gauge, Registry } from "prom-client";
import { VERSION } from "../core/lib/version.ts";
import type { MetricsPage } from "../core/model/meters.ts";

/** Reads figures into gauges just before the metrics are printed. Must never reject, and take 3 s at most. */
type Source = () => Promise<unknown> | void;

/** The metrics of one process. Its parts register theirs here. */
export interface Metrics extends MetricsPage {
  readonly registry: Registry;
  beforeRead(source: Source): void;
}

export function createMetrics(): Metrics {
  const registry = new Registry();
  const sources: Source[] = [];
  new Gauge({
    name: "iep_build_info",
    help: "Always 1. Its label is the version of this process.",
    labelNames: ["version"],
    registers: [registry],
  }).set({ version: VERSION }, 1);
  return {
    registry,
    contentType: registry.contentType,
    beforeRead: (source) => void sources.push(source),
    async read() {
      await Promise.all(sources.map(async (source) => await source()));
      return await registry.metrics();
    },
  };
}
