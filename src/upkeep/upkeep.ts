import { setMaxListeners } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import type { Logger } from "pino";
import type { UpkeepMeter } from "../core/model/meters.ts";

/** The one shape of all upkeep: small rounds, repeated at once while there is more to do. */
export interface UpkeepTask {
  readonly name: string;
  readonly every_ms: number;
  /**
   * Does one bounded batch. Returns true when there was more. Must be safe in any number of processes at
   * once.
   */
  runOnce(): Promise<boolean>;
}

/** Rounds in a row; after these a task waits for its interval even if there is more to do. */
const ROUNDS_MAX = 50;

/** Runs each task at its interval until stopped. A round that fails is logged, and does not end the task. */
export function startUpkeep(
  tasks: readonly UpkeepTask[],
  log: Logger,
  meter?: UpkeepMeter,
): { stop(): Promise<void> } {
  const stopping = new AbortController();
  // Each task listens once. By itself Node takes more than ten listeners for a leak, and says so.
  setMaxListeners(tasks.length, stopping.signal);
  for (const { name, every_ms } of tasks) meter?.expects(name, every_ms);
  const loops = tasks.map((task) => runEvery(task, log, stopping.signal, meter));
  return {
    async stop() {
      stopping.abort();
      await Promise.all(loops);
    },
  };
}

async function runEvery(
  task: UpkeepTask,
  log: Logger,
  signal: AbortSignal,
  meter: UpkeepMeter | undefined,
): Promise<void> {
  let failing = false;
  while (!signal.aborted) {
    const started_at = performance.now();
    const tell = (succeeded: boolean): void =>
      meter?.ran(task.name, (performance.now() - started_at) / 1_000, succeeded);
    try {
      await runWhileFull(task, signal);
      tell(true);
      if (failing) log.info({ task: task.name }, "upkeep works again");
      failing = false;
    } catch (error) {
      tell(false);
      // Logged once an outage, not every second of it.
      if (!failing) log.warn({ err: error, task: task.name }, "upkeep failed; it is tried again");
      failing = true;
    }
    // With jitter, processes that were started together do not run their tasks at the same moment for ever.
    await wait(task.every_ms * (0.9 + 0.2 * Math.random()), undefined, { signal }).catch(() => undefined);
  }
}

async function runWhileFull(task: UpkeepTask, signal: AbortSignal): Promise<void> {
  for (let round = 0; round < ROUNDS_MAX && !signal.aborted; round += 1) {
    if (!(await task.runOnce())) return;
  }
}
