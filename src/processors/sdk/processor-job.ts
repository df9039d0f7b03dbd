import type { ProcessorJob } from "./processor.ts";

/**
 * What a processor may know of the job, and no more: what a runner passes has all columns, the lease among
 * them. A copy that nobody can write to: the runner settles by its own.
 */
export function processorJob(job: ProcessorJob): ProcessorJob {
  const { id, customer_id, job_type_id, priority, attempt, max_attempts, estimated_cost_cents } = job;
  return Object.freeze({
    id,
    customer_id,
    job_type_id,
    priority,
    attempt,
    max_attempts,
    estimated_cost_cents,
  });
}
