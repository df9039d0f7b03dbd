import { setMaxListeners } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import type { Logger } from "pino";
import { Turns } from "../core/lib/turns.ts";
import type { UpkeepMeter } from "../core/model/meters.ts";

/** The one shape of all upkeep: small rounds, repeated at once while there is more to do. */
export interface UpkeepTask {
  readonly name: string;
  readonly every_ms: number;
  /**
   * When a process starts, its first round waits for a random part of the interval, `FIRST_MS_MAX` at most.
   * What a start needs at once comes first, and runners that start together do not ask everything together.
   */
  readonly canWait?: true;
  /** How long the first round of a task that can wait waits at most, where that is not so short. */
  readonly firstWithin_ms?: number;
  /** Its rounds wait for others than the database, so they take no turns with the rounds of other tasks. */
  readonly takesNoTurns?: true;
  /**
   * Does one bounded batch. Returns true when there was more. Must be safe in any number of processes at
   * once.
   */
  runOnce(): Promise<boolean>;
}

/** The longest that a task that can wait waits for its first round. */
const FIRST_MS_MAX = 5_000;
/** Rounds in a row; after these a task waits for its interval even if there is more to do. */
const ROUNDS_MAX = 50;

/** Does one round when its turn has come. */
type TakeTurn = (round: () => Promise<boolean>) => Promise<boolean>;

/**
 * Runs each task at its interval until stopped. A round that fails is logged, and does not end the task. Rounds take
 * turns, those of tasks that can wait and those of the others: together they need two connections, and each connection
 * costs the database some 40 ms of processor time before its first round is done.
 */
export function startUpkeep(
  tasks: readonly UpkeepTask[],
  log: Logger,
  meter?: UpkeepMeter,
): { stop(): Promise<void> } {
  const stopping = new AbortController();
  // Each task listens once. By itself Node takes more than ten listeners for a leak, and says so.
  setMaxListeners(tasks.length, stopping.signal);
  for (const { name, every_ms } of tasks) meter?.expects(name, every_ms);
  const [soon, later] = [new Turns(), new Turns()];
  const takeTurn = ({ canWait, takesNoTurns }: UpkeepTask): TakeTurn => {
    if (takesNoTurns) return (round) => round();
    const turns = canWait ? later : soon;
    return (round) => turns.take(async () => !stopping.signal.aborted && (await round()));
  };
  const loops = tasks.map((task) => runEvery(task, takeTurn(task), log, stopping.signal, meter));
  return {
    async stop() {
      stopping.abort();
      await Promise.all(loops);
    },
  };
}

async function runEvery(
  task: UpkeepTask,
  takeTurn: TakeTurn,
  log: Logger,
  signal: AbortSignal,
  meter: UpkeepMeter | undefined,
): Promise<void> {
  let failing = false;
  const { canWait, firstWithin_ms = Math.min(task.every_ms, FIRST_MS_MAX) } = task;
  if (canWait) await pause(firstWithin_ms * Math.random(), signal);
  while (!signal.aborted) {
    const started_at = performance.now();
    const tell = (succeeded: boolean): void =>
      meter?.ran(task.name, (performance.now() - started_at) / 1_000, succeeded);
    try {
      await runWhileFull(task, takeTurn, signal);
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
    await pause(task.every_ms * (0.9 + 0.2 * Math.random()), signal);
  }
}

/** Resolves after that time, or when the signal aborts. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await wait(ms, undefined, { signal }).catch(() => undefined);
}

async function runWhileFull(task: UpkeepTask, takeTurn: TakeTurn, signal: AbortSignal): Promise<void> {
  for (let round = 0; round < ROUNDS_MAX && !signal.aborted; round += 1) {
    if (!(await takeTurn(() => task.runOnce()))) return;
  }
}
