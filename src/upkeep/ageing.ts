import { PRIORITIES, type Priority } from "../core/model/job.ts";
import type { WaitingJobRepository } from "../core/model/waiting-jobs.ts";
import type { UpkeepTask } from "./upkeep.ts";

/** Jobs that one round looks at, of each priority. */
const BATCH = 1_000;

/**
 * A job that has waited `after_seconds` at its priority moves up by one, so that a stream of more urgent jobs
 * cannot starve it for ever; 0 turns this off. Each round starts where the one before it ended.
 */
export function ageing(waitingJobs: WaitingJobRepository, after_seconds: number): UpkeepTask {
  const cursors = new Map<Priority, string>();

  async function age(priority: Priority): Promise<void> {
    const after_ms = after_seconds * 1_000;
    const { cursor } = await waitingJobs.age({
      priority,
      after_ms,
      max: BATCH,
      after: cursors.get(priority),
    });
    if (cursor === undefined) cursors.delete(priority);
    else cursors.set(priority, cursor);
  }

  return {
    name: "ageing",
    every_ms: 2_000,
    canWait: true,
    async runOnce() {
      if (after_seconds === 0) return false;
      for (const priority of PRIORITIES) if (priority > 0) await age(priority);
      return cursors.size > 0;
    },
  };
}
