import { setTimeout as pause } from "node:timers/promises";
import { PlatformError } from "../../../core/lib/errors.ts";
import { hasEnded, type Job } from "../../../core/model/job.ts";
import type { Platform } from "../../../core/use-cases/platform.ts";
import { withRetry } from "../../../core/lib/with-retry.ts";

/** Soon at first, since most jobs are short; then at a pace that a thousand waiting shells do not make a load. */
const FIRST_POLL_MS = 50;
const POLL_MAX_MS = 1_000;
/** How long the database may be away before waiting gives up. The job goes on all the same. */
const AWAY_MAX_MS = 30_000;

/** The job once it has ended, however long that takes. `onStatus` hears of each status that was seen. */
export async function waitForJob(
  { jobs }: Pick<Platform, "jobs">,
  id: string,
  onStatus: (job: Job) => Promise<void>,
): Promise<Job> {
  let seen: Job["status"] | undefined;
  for (let poll_ms = FIRST_POLL_MS; ; poll_ms = Math.min(poll_ms * 2, POLL_MAX_MS)) {
    const job = await withRetry(() => jobs.findById(id), { for_ms: AWAY_MAX_MS });
    if (!job) throw new PlatformError("not_found", `There is no job ${id}.`);
    if (job.status !== seen) await onStatus(job);
    if (hasEnded(job.status)) return job;
    seen = job.status;
    await pause(poll_ms);
  }
}
