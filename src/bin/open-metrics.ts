import type { Logger } from "pino";
import type { RunnerMeter, WebhookMeter } from "../core/model/meters.ts";
import { watchAudit } from "../metrics/audit-metrics.ts";
import { watchDatabase } from "../metrics/database-metrics.ts";
import { createMetrics, type Metrics } from "../metrics/metrics.ts";
import { watchPools } from "../metrics/pool-metrics.ts";
import { watchProcess } from "../metrics/process-metrics.ts";
import { watchRedis } from "../metrics/redis-metrics.ts";
import { meterRequests } from "../metrics/request-metrics.ts";
import { meterRunner, watchRunner } from "../metrics/runner-metrics.ts";
import { serveMetrics } from "../metrics/serve-metrics.ts";
import { watchSubmissions } from "../metrics/submit-metrics.ts";
import { meterUpkeep } from "../metrics/upkeep-metrics.ts";
import { meterWebhooks } from "../metrics/webhook-metrics.ts";
import type { UpkeepTask } from "../upkeep/upkeep.ts";
import type { Config } from "./config.ts";
import type { OpenPlatform } from "./open-platform.ts";

/** The metrics of this process. Once a process. */
export function openMetrics(): Metrics {
  const metrics = createMetrics();
  watchProcess(metrics);
  return metrics;
}

/** Shows the servers that this process uses. */
export function watchServers(
  metrics: Metrics,
  { pools, readyQueue }: OpenPlatform,
  { REDIS_URL }: Pick<Config, "REDIS_URL">,
): void {
  watchPools(metrics, pools);
  if (REDIS_URL !== undefined) watchRedis(metrics, readyQueue);
}

/** The metrics that an API adds, and what it needs to serve them. */
export function metricsOfApi(metrics: Metrics, platform: OpenPlatform, token: string | undefined) {
  watchSubmissions(metrics, platform.submissions);
  watchDatabase(metrics, platform.gauges);
  watchAudit(metrics, platform.audits);
  return { page: metrics, meter: meterRequests(metrics), token };
}

/** What a runner tells its metrics, and the upkeep that only metrics need. */
interface MetricsOfRunner {
  readonly meter: RunnerMeter;
  readonly upkeepMeter: ReturnType<typeof meterUpkeep>;
  readonly webhookMeter: WebhookMeter;
  readonly tasks: readonly UpkeepTask[];
  watch(runner: Parameters<typeof watchRunner>[1], concurrency: number): void;
}

/** The metrics that a runner adds. */
export function metricsOfRunner(
  metrics: Metrics,
  platform: OpenPlatform,
  processors: readonly string[],
): MetricsOfRunner {
  const runnerMetrics = meterRunner(metrics, processors, platform.gauges);
  const upkeepMeter = meterUpkeep(metrics);
  return {
    meter: runnerMetrics.meter,
    upkeepMeter,
    webhookMeter: meterWebhooks(metrics),
    tasks: [
      {
        name: "measuring waits",
        every_ms: 1_000,
        async runOnce() {
          await runnerMetrics.measureWaits();
          return false;
        },
      },
    ],
    watch: (runner, concurrency) => watchRunner(metrics, runner, concurrency),
  };
}

/** Serves the metrics of a runner on METRICS_PORT. Returns what ends that. */
export async function serveRunnerMetrics(
  page: Metrics,
  { HOST: host, METRICS_PORT: port = 0, METRICS_TOKEN: token }: Config,
  log: Logger,
): Promise<() => Promise<void>> {
  const server = await serveMetrics({ page, host, port, token });
  log.info({ url: server.url }, "metrics are served");
  return () => server.close();
}
