import type { FastifyRequest } from "fastify";
import type { Job } from "../../../core/model/job.ts";
import { ownerOf } from "../../http/auth.ts";

/** Returns a job as whoever asks may see it: the stacks of its errors are for the admin key alone. */
export function shownJob(request: FastifyRequest, job: Job): Job {
  if (job.errors.length === 0 && job.error === null) return job;
  return ownerOf(request) === undefined
    ? job
    : { ...job, error: job.error && withoutStack(job.error), errors: job.errors.map(withoutStack) };
}

function withoutStack<JobError extends { readonly stack?: string | undefined }>(
  error: JobError,
): Omit<JobError, "stack"> {
  const { stack: _forTheOperator, ...shown } = error;
  return shown;
}
