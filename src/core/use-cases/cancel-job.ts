import { jobNotFound } from "../model/not-found.ts";
import { PlatformError } from "../lib/errors.ts";
import type { Job } from "../model/job.ts";
import type { Platform } from "./platform.ts";

/**
 * Ends a job that has not ended. It costs nothing, and its hold is released at once. A running job is told to
 * stop within two heartbeats, wherever it runs; its outcome is refused. With `owner`: only when it is that
 * customer's. Throws `not_found` or `job_already_ended`.
 */
export async function cancelJob(platform: Platform, id: string, owner?: string): Promise<Job> {
  const outcome = await platform.jobs.cancel(id, owner);
  const job = outcome === "unknown" ? undefined : await platform.jobs.findById(id, owner);
  if (!job) throw jobNotFound(id);
  if (outcome === "already_ended") {
    throw new PlatformError("job_already_ended", `Job ${id} has ended: it is ${job.status}.`, {
      members: { job_status: job.status },
    });
  }
  platform.jobChanges.tell(job, "ended");
  return job;
}
