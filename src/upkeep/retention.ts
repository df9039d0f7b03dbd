import type { JobRepository } from "../core/model/job.ts";
import type { UpkeepTask } from "./upkeep.ts";

/** Jobs that one round looks at; up to 50 rounds in a row. */
const BATCH = 1_000;

/**
 * Jobs that ended `older_days` ago leave, so that history never slows the queue or fills the disk; ledger entries stay for ever. 0 keeps them all.
 * Run by every runner; a round goes on where the one before ended.
 */
export function retention(jobs: JobRepository, older_days: number): UpkeepTask {
  let cursor: string | undefined;
  return {
    name: "retention",
    every_ms: 5_000,
    async runOnce() {
      if (older_days === 0) return false;
      cursor = (await jobs.prune({ older_days, max: BATCH, after: cursor })).cursor;
      return cursor !== undefined;
    },
  };
}
