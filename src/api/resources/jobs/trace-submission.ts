import type { FastifyRequest } from "fastify";
import type { Submitted } from "../../../core/model/job.ts";
import type { TraceContext } from "../../../core/model/traces.ts";

type Stored = Extract<Submitted, { job: unknown }>;

/** Gets what to store with the jobs: undefined where nobody traces. */
type Submit<Result> = (context: TraceContext | undefined) => Promise<Result>;

/** Submits as a part of the request's trace, which the jobs carry on. */
export async function traceSubmission(
  request: FastifyRequest,
  jobs: number,
  submit: Submit<Submitted[]>,
): Promise<Submitted[]> {
  return await traced(request, jobs, submit, (submitted) => submitted);
}

/** `traceSubmission` of one job. Without a trace it adds no promise of its own. */
export function traceOne(request: FastifyRequest, submit: Submit<Stored>): Promise<Stored> {
  if (request.trace === undefined) return submit(undefined);
  return traced(request, 1, submit, (stored) => [stored]);
}

async function traced<Result>(
  { trace }: FastifyRequest,
  jobs: number,
  submit: Submit<Result>,
  listOf: (result: Result) => readonly Submitted[],
): Promise<Result> {
  if (trace === undefined) return await submit(undefined);
  const submission = trace.submit(jobs);
  try {
    const result = await submit(submission.context);
    submission.end(listOf(result));
    return result;
  } catch (error) {
    submission.fail(error);
    throw error;
  }
}
