import type { ProcessorJob } from "./processor.ts";

/**
 * What a processor may know of the job, and no more: what a runner passes has all columns, the lease among
 * them.
 */
export function processorJob(job: ProcessorJob): ProcessorJob {
  const { id, customer_id, job_type_id, priority, attempt, max_attempts, estimated_cost_cents } = job;
  return { id, customer_id, job_type_id, priority, attempt, max_attempts, estimated_cost_cents };
}
