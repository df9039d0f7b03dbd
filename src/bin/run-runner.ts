import type { Logger } from "pino";
import { STOP_GRACE_MS } from "../core/model/limits.ts";
import { VERSION } from "../core/lib/version.ts";
import { loadProcessors } from "../processors/loader/registry.ts";
import { Runner } from "../runner/runner.ts";
import { createHeartbeat } from "../postgres/signals/heartbeat.ts";
import { upkeepTasks } from "../upkeep/tasks.ts";
import { startUpkeep } from "../upkeep/upkeep.ts";
import type { Config } from "./config.ts";
import { guardProcess } from "./guard-process.ts";
import { openPlatform, type OpenPlatform } from "./open-platform.ts";
import { listenForStop, type StopSignal } from "./stop-signal.ts";
import { waitForServers } from "./wait-for-servers.ts";

const DEFAULT_PROCESSORS_DIR = "./processors";

/**
 * The runner of production. It runs until SIGTERM. Then it claims nothing more, gives running jobs 10 s, puts
 * the rest back to pending, and exits with 0.
 */
export async function runRunner(config: Config & { DATABASE_URL: string }, log: Logger): Promise<number> {
  const stop = listenForStop();
  const platform = openPlatform(config, "iep runner", log);
  try {
    await waitForServers(platform, config, { say: (line) => log.warn(line) });
    const runner = await startRunner(platform, config, log);
    await stop.asked;
    log.info({ running: runner.running }, "stopping: no new claims");
    await stopRunner(runner, stop);
    return 0;
  } finally {
    await platform.close();
  }
}

interface RunningRunner {
  readonly running: number;
  stop(grace_ms: number): Promise<void>;
}

/** Gives running jobs 10 s to end, or no time at all once the stop is asked for again. */
export async function stopRunner(runner: RunningRunner, stop: StopSignal): Promise<void> {
  await Promise.race([runner.stop(STOP_GRACE_MS), stop.askedAgain.then(() => runner.stop(0))]);
}

/**
 * Starts a runner, and the upkeep that every runner does. Throws a `ProcessorLoadError` when a processor of
 * PROCESSORS_DIR is faulty.
 */
export async function startRunner(
  platform: OpenPlatform,
  config: Pick<
    Config,
    | "PROCESSORS_DIR"
    | "RUNNER_CONCURRENCY"
    | "RUNNER_LEASE_SECONDS"
    | "PRIORITY_AGING_SECONDS"
    | "JOB_RETENTION_DAYS"
  > & {
    DATABASE_URL: string;
  },
  log: Logger,
): Promise<RunningRunner> {
  const guard = guardProcess(log);
  const processors = await loadProcessors({
    directory: config.PROCESSORS_DIR ?? DEFAULT_PROCESSORS_DIR,
    required: config.PROCESSORS_DIR !== undefined,
  });
  guard(processors);
  const runner = new Runner({
    platform,
    processors,
    concurrency: config.RUNNER_CONCURRENCY,
    heartbeat: createHeartbeat(config.DATABASE_URL),
    version: VERSION,
    log,
  });
  const upkeep = startUpkeep(
    upkeepTasks(platform, {
      ageing_seconds: config.PRIORITY_AGING_SECONDS,
      retention_days: config.JOB_RETENTION_DAYS,
      lease_seconds: config.RUNNER_LEASE_SECONDS,
      contact_ms: () => runner.contact_ms,
      onRescued: (jobs) => log.warn({ jobs }, "rescued the jobs of a dead runner"),
    }),
    log,
  );
  runner.start();
  log.info(
    { runner_id: runner.id, concurrency: config.RUNNER_CONCURRENCY, processors: [...processors.keys()] },
    "runner ready",
  );
  return {
    get running() {
      return runner.running;
    },
    async stop(grace_ms) {
      await Promise.all([upkeep.stop(), runner.stop(grace_ms)]);
    },
  };
}
