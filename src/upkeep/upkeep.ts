import { setTimeout as wait } from "node:timers/promises";
import type { Logger } from "pino";

/** One shape for all upkeep: a full batch means go again. */
export interface UpkeepTask {
  readonly name: string;
  readonly every_ms: number;
  /** One bounded batch; true when there was more than it took. Must be safe in any number of processes at once. */
  runOnce(): Promise<boolean>;
}

/** Full batches in a row before a task gives way to its own interval. */
const ROUNDS_MAX = 50;

/** Runs each task at its interval until stopped. A round that fails is logged, and the next comes all the same. */
export function startUpkeep(tasks: readonly UpkeepTask[], log: Logger): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const loops = tasks.map((task) => runEvery(task, log, stopping.signal));
  return {
    async stop() {
      stopping.abort();
      await Promise.all(loops);
    },
  };
}

async function runEvery(task: UpkeepTask, log: Logger, signal: AbortSignal): Promise<void> {
  let failing = false;
  while (!signal.aborted) {
    try {
      await runWhileFull(task, signal);
      if (failing) log.info({ task: task.name }, "upkeep works again");
      failing = false;
    } catch (error) {
      // Once, not every second of an outage.
      if (!failing) log.warn({ err: error, task: task.name }, "upkeep failed; it is tried again");
      failing = true;
    }
    // Jitter: processes that started together must not stay in step.
    await wait(task.every_ms * (0.9 + 0.2 * Math.random()), undefined, { signal }).catch(() => undefined);
  }
}

async function runWhileFull(task: UpkeepTask, signal: AbortSignal): Promise<void> {
  for (let round = 0; round < ROUNDS_MAX && !signal.aborted; round += 1) {
    if (!(await task.runOnce())) return;
  }
}
