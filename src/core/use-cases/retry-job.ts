import { jobNotFound } from "../model/not-found.ts";
import { PlatformError } from "../lib/errors.ts";
import type { Job } from "../model/job.ts";
import type { TraceContext } from "../model/traces.ts";
import type { Platform } from "./platform.ts";
import { submitJob } from "./submit-jobs.ts";

/**
 * Submits a failed or cancelled job again as a new job: the same input, today's price, a hold of its own, and
 * `retry_of` names the old job, which stays as it ended. A webhook that the old one brought is told of the new one. With `owner`: only when it is that customer's. With
 * `trace`: the new job carries it. Throws `not_found`, `job_not_ended`, or what a submission throws.
 */
export async function retryJob(
  platform: Platform,
  id: string,
  owner?: string,
  trace?: TraceContext,
): Promise<Job> {
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
    trace,
    webhook: await platform.jobWebhooks.find(id),
  });
}
