import type { Logger } from "pino";
import { within } from "../core/lib/within.ts";
import { STOP_SETTLE_MS } from "../core/model/limits.ts";
import { VERSION } from "../core/lib/version.ts";
import { processorSchemas } from "../processors/loader/processor-schemas.ts";
import { loadProcessors, type ProcessorRegistry } from "../processors/loader/registry.ts";
import { loadAndReload, type Reloaded } from "../processors/loader/reload-on-save.ts";
import { Runner } from "../runner/runner.ts";
import type { Metrics } from "../metrics/metrics.ts";
import { createHeartbeat } from "../postgres/signals/heartbeat.ts";
import type { OpenTraces } from "../tracing/open-traces.ts";
import { upkeepTasks } from "../upkeep/tasks.ts";
import { startUpkeep } from "../upkeep/upkeep.ts";
import { createPostWebhook } from "../webhooks/post-webhook.ts";
import { WebhookSender } from "../webhooks/webhook-sender.ts";
import type { Config } from "./config.ts";
import { guardProcess } from "./guard-process.ts";
import { metricsOfRunner, openMetrics, serveRunnerMetrics, watchServers } from "./open-metrics.ts";
import { openPlatform, type OpenPlatform } from "./open-platform.ts";
import { DEFAULT_PROCESSORS_DIR } from "./processors-dir.ts";
import { closeInTime } from "./close-in-time.ts";
import { listenForStop, type StopSignal } from "./stop-signal.ts";
import { waitForServers } from "./wait-for-servers.ts";

/**
 * The runner of production. It runs until SIGTERM, or until an operator told it to drain and to end. Then it
 * claims nothing more, gives running jobs RUNNER_STOP_SECONDS, puts the rest back to pending, and exits with 0.
 */
export async function runRunner(
  config: Config & { DATABASE_URL: string },
  log: Logger,
  traces?: OpenTraces,
): Promise<number> {
  const stop = listenForStop();
  const platform = openPlatform(config, "iep runner", log);
  const metrics = config.METRICS_PORT === undefined ? undefined : openMetrics();
  if (metrics) watchServers(metrics, platform, config);
  const start = async (): Promise<RunningRunner> => {
    await waitForServers(platform, config, { say: (line) => log.warn(line) });
    return await startRunner(platform, config, log, { metrics, traces });
  };
  let closeMetrics: (() => Promise<void>) | undefined;
  try {
    // Before it takes jobs: a port that is taken is a fault of the settings.
    if (metrics) closeMetrics = await serveRunnerMetrics(metrics, config, log);
    const runner = await Promise.race([start(), stop.asked]);
    if (runner === undefined) {
      log.info("stopped before it was ready");
      return 0;
    }
    await Promise.race([stop.asked, runner.drained()]);
    log.info({ running: runner.running }, "stopping: no new claims");
    await stopRunner(runner, stop, config.RUNNER_STOP_SECONDS, log);
    return 0;
  } finally {
    await closeMetrics?.();
    await closeInTime(platform);
  }
}

interface RunnerParts {
  readonly metrics?: Metrics | undefined;
  readonly traces?: OpenTraces | undefined;
  /** Whether it serves what is saved in PROCESSORS_DIR while it runs. */
  readonly reloads?: boolean;
}

interface RunningRunner {
  readonly running: number;
  readonly gaveBack: number;
  readonly unwritten: number;
  /** Resolves when an operator has told it to drain and to end, and nothing runs any more. */
  drained(): Promise<void>;
  stop(grace_ms: number): Promise<void>;
}

/**
 * Gives running jobs `stop_seconds` to end, or no time at all once the stop is asked for again, and a second more to
 * write how they ended. It then returns whatever is missing, because a supervisor would kill the process.
 */
export async function stopRunner(
  runner: RunningRunner,
  { askedAgain }: StopSignal,
  stop_seconds: number,
  log: Logger,
): Promise<void> {
  const grace_ms = stop_seconds * 1_000;
  const inTime = Promise.race([
    within(grace_ms + STOP_SETTLE_MS, runner.stop(grace_ms)),
    askedAgain.then(() => within(STOP_SETTLE_MS, runner.stop(0))),
  ]);
  try {
    await inTime;
    log.info({ jobs: runner.gaveBack }, `stopped, gave back ${runner.gaveBack}`);
  } catch (error) {
    log.error(
      { unwritten: runner.unwritten, err: error },
      "stopped before all was written: what is missing runs again elsewhere, when this runner's lease is over",
    );
  }
}

/**
 * Starts a runner, and the upkeep that every runner does. A faulty processor of PROCESSORS_DIR is named in the log and
 * left out. With `reloads` it serves what is saved there while it runs.
 */
export async function startRunner(
  platform: OpenPlatform,
  config: Pick<
    Config,
    | "DATABASE_DIRECT_URL"
    | "PROCESSORS_DIR"
    | "RUNNER_CONCURRENCY"
    | "RUNNER_JOB_TYPES"
    | "RUNNER_PRIORITIES"
    | "RUNNER_LEASE_SECONDS"
    | "PRIORITY_AGING_SECONDS"
    | "JOB_RETENTION_DAYS"
    | "WEBHOOK_PROXY"
  > & {
    DATABASE_URL: string;
  },
  log: Logger,
  { metrics, traces, reloads = false }: RunnerParts = {},
): Promise<RunningRunner> {
  const guard = guardProcess(log);
  const directory = config.PROCESSORS_DIR ?? DEFAULT_PROCESSORS_DIR;
  const required = config.PROCESSORS_DIR !== undefined;
  const reloading = reloads ? await loadAndReload({ directory, required }) : undefined;
  const { processors, faults } = reloading ?? (await loadProcessors({ directory, required }));
  for (const { file, message } of faults)
    log.error({ file }, `a processor is left out, the others are served: ${file}: ${message}`);
  guard(processors);
  await registerSchemas(platform, processors, log);
  const measured = metrics && metricsOfRunner(metrics, platform, [...processors.keys()]);
  const runner = new Runner({
    platform,
    processors,
    concurrency: config.RUNNER_CONCURRENCY,
    only: {
      restricted_to: config.RUNNER_JOB_TYPES ?? null,
      priorities: config.RUNNER_PRIORITIES ?? null,
    },
    heartbeat: createHeartbeat(config.DATABASE_DIRECT_URL ?? config.DATABASE_URL),
    version: VERSION,
    log,
    meter: measured?.meter,
    traces: traces?.attempts(platform.traces),
  });
  measured?.watch(runner, config.RUNNER_CONCURRENCY);
  const webhooks = new WebhookSender({
    deliveries: platform.webhookDeliveries,
    post: createPostWebhook({ ...platform.webhookRules, proxy: config.WEBHOOK_PROXY }),
    log,
    meter: measured?.webhookMeter,
  });
  const tasks = upkeepTasks(platform, {
    ageing_seconds: config.PRIORITY_AGING_SECONDS,
    retention_days: config.JOB_RETENTION_DAYS,
    lease_seconds: config.RUNNER_LEASE_SECONDS,
    runner,
    webhooks,
    contact_ms: () => runner.contact_ms,
    onRescued: ({ rescued: jobs, runners }) => {
      measured?.upkeepMeter.rescued(jobs);
      const names = runners.map(({ id, host }) => `${id} on ${host ?? "a host that is not known any more"}`);
      log.warn({ jobs, runners }, `rescued ${jobs} jobs of a dead runner: ${names.join(", ")}`);
    },
  });
  const upkeep = startUpkeep([...tasks, ...(measured?.tasks ?? [])], log, measured?.upkeepMeter);
  runner.start();
  reloading?.start(async (reloaded) => {
    await registerSchemas(platform, processors, log);
    const isTold = await runner.serve(reloaded.ids).then(
      () => true,
      (error: unknown) => {
        log.warn({ err: error }, "new processors are not served yet, and those that are gone still are");
        return false;
      },
    );
    logReload(log, reloaded);
    return isTold;
  });
  log.info({ concurrency: config.RUNNER_CONCURRENCY, processors: [...processors.keys()] }, "runner ready");
  return {
    get running() {
      return runner.running;
    },
    get gaveBack() {
      return runner.gaveBack;
    },
    get unwritten() {
      return runner.unwritten;
    },
    drained: () => runner.drained(),
    async stop(grace_ms) {
      await Promise.all([upkeep.stop(), reloading?.stop(), webhooks.stop(grace_ms), runner.stop(grace_ms)]);
    },
  };
}

/** Says what was saved, and what of it cannot be used. */
function logReload(log: Logger, { files, faults, ids }: Reloaded): void {
  log.info({ processors: ids }, `reloaded, because these were saved: ${files.join(", ")}`);
  for (const { file, message, kept } of faults) {
    const stays = kept.length === 0 ? "it is left out" : `${kept.join(", ")} stays as it was`;
    log.error({ file }, `a processor cannot be loaded, ${stays}: ${file}: ${message}`);
  }
}

/** Tells the API what the processors take. A runner works as well when that fails. */
async function registerSchemas(
  { processorSchemas: repository }: OpenPlatform,
  processors: ProcessorRegistry,
  log: Logger,
): Promise<void> {
  try {
    await repository.register(processorSchemas(processors));
  } catch (error) {
    log.warn(
      { err: error },
      "what the processors take could not be registered: job types without a schema may accept more",
    );
  }
}
