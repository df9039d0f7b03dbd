import { jobNotFound } from "../model/not-found.ts";
import { PlatformError } from "../lib/errors.ts";
import type { Job } from "../model/job.ts";
import type { Platform } from "./platform.ts";
import { submitJob } from "./submit-jobs.ts";

/**
 * Runs a failed or cancelled job again as a new job: the same input, `retry_of` the old one, today's price, a hold of its own. The old job stays
 * as it ended. With `owner`: only if it is that customer's. Throws `not_found`, `job_not_ended`, or what a submission throws.
 */
export async function retryJob(platform: Platform, id: string, owner?: string): Promise<Job> {
  const job = await platform.jobs.findById(id, owner);
  if (!job) throw jobNotFound(id);
  if (job.status !== "failed" && job.status !== "cancelled") {
    throw new PlatformError(
      "job_not_ended",
      `Job ${id} is ${job.status}: only a failed or cancelled job can be retried.`,
      {
        members: { job_status: job.status },
      },
    );
  }
  const { customer_id, job_type_id, priority, input_data, max_attempts } = job;
  return await submitJob(platform, {
    customer_id,
    job_type_id,
    priority,
    input_data,
    max_attempts,
    retry_of: id,
  });
}
