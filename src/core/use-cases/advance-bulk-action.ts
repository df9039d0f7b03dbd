import type { ErrorCode } from "../lib/errors.ts";
import type { BulkJob } from "../model/bulk-action.ts";
import { CHECK_STEPS_HERE_MAX } from "../model/limits.ts";
import { findRefusal } from "./find-refusal.ts";
import type { Platform } from "./platform.ts";

type Parts = Pick<Platform, "bulkActions" | "jobChanges" | "jobTypeCache" | "inputSchemas">;

/**
 * Does the next batch of the bulk action that has waited longest. True when there may be more to do. Safe in
 * any number of processes: of two that take the same batch one does it, and a crash in the middle undoes it.
 */
export async function advanceBulkAction(platform: Parts): Promise<boolean> {
  const { bulkActions, jobChanges } = platform;
  const batch = await bulkActions.next();
  if (!batch) return false;
  // False: another process is at it. It goes on without us.
  if (batch.action === "retry")
    return await bulkActions.retryBatch(batch, await findRefusals(platform, batch.jobs));
  const isDone = await bulkActions.cancelBatch(batch);
  // Those that had ended before, too: whoever waits for one only looks at it.
  if (isDone) for (const job of batch.jobs) jobChanges.tell(job, "ended");
  return isDone;
}

/** By what the job types take today. */
async function findRefusals(
  { jobTypeCache, inputSchemas }: Parts,
  jobs: readonly BulkJob[],
): Promise<(ErrorCode | undefined)[]> {
  const jobTypes = await jobTypeCache.findByIds(jobs.map((job) => job.job_type_id));
  const refusals: (ErrorCode | undefined)[] = [];
  for (const job of jobs) {
    const means = { inputSchemas, budget: { steps: CHECK_STEPS_HERE_MAX } };
    refusals.push((await findRefusal(job, jobTypes.get(job.job_type_id), means))?.code);
  }
  return refusals;
}
