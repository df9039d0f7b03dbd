import type { Logger } from "pino";
import type { EndedAttempt } from "../core/model/meters.ts";

/** Writes one line for an attempt that failed, with all that whoever mends the processor needs. */
export function logFailedAttempt(log: Logger, ended: EndedAttempt): void {
  const { job, outcome, run_ms } = ended;
  if (outcome.kind !== "retry" && outcome.kind !== "failed") return;
  if (!log.isLevelEnabled("warn")) return;
  const { code, message, stack } = outcome.error;
  const next =
    outcome.kind === "retry" ? { will_retry: true, delay_ms: outcome.delay_ms } : { will_retry: false };
  const max_attempts = job.max_attempts;
  log.warn(
    { ...namesOf(ended), max_attempts, run_ms: Math.round(run_ms), code, message, ...next, stack },
    "attempt failed",
  );
}

/** Writes one line for a job that has ended. */
export function logFinishedJob(log: Logger, ended: EndedAttempt): void {
  const { outcome, run_ms } = ended;
  if (outcome.kind === "retry" || outcome.kind === "released" || !log.isLevelEnabled("info")) return;
  log.info(
    { ...namesOf(ended), status: outcome.kind, run_ms: Math.round(run_ms), cost_cents: chargeOf(ended) },
    "job finished",
  );
}

/** What the outcome costs, in cents, once it is written. */
export function chargeOf({ job, outcome }: EndedAttempt): number {
  return outcome.kind === "succeeded" ? (outcome.cost_cents ?? job.estimated_cost_cents) : 0;
}

function namesOf({ job, jobType, trace }: EndedAttempt) {
  return {
    ...(trace && { trace_id: trace.traceId }),
    job_id: job.id,
    attempt: job.attempt,
    job_type: jobType?.name,
    job_type_id: job.job_type_id,
    processor: jobType?.processing_logic_id,
    customer_id: job.customer_id,
  };
}
