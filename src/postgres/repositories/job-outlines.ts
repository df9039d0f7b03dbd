import { sql } from "kysely";
import type { JobOutline } from "../../core/model/job-event.ts";
import type { AttemptError, JobError } from "../../core/model/job.ts";
import type { Database } from "../connection/database.ts";

/** By attempt, the number of its last row in the log: one probe of the index an attempt, however much each told. */
export const LAST_SEQS = sql<Record<string, number> | null>`(
  SELECT jsonb_object_agg(a.attempt, l.last)
    FROM generate_series(1, jobs.attempt) a (attempt)
   CROSS JOIN LATERAL (
     SELECT g.seq AS last
       FROM job_log g
      WHERE g.job_id = jobs.id AND g.attempt = a.attempt
      ORDER BY g.seq DESC
      LIMIT 1
   ) l
)`;

/**
 * The query for what the events of a job are made of. What it says of an attempt that has ended is the end of it.
 * `errors`: those of its attempts, or of each no more than its attempt, for whoever wants the last event alone.
 */
export function selectOutlines({ kysely }: Database, errors = sql<AttemptError[] | null>`errors`) {
  return (
    kysely
      .selectFrom("jobs")
      .select(["status", "attempt", "cost_cents"])
      // As in stored-jobs.ts: only settle_jobs and rescue_jobs write them.
      .select([sql<JobError | null>`error`.as("error"), errors.as("errors")])
      .select(["created_at", "started_at", "completed_at"])
      .select(LAST_SEQS.as("lastSeqs"))
  );
}

/** Of each error its attempt alone: a page of a thousand jobs may have 20 errors each, with stacks. */
export const ATTEMPTS_THAT_FAILED = sql<AttemptError[] | null>`(
  SELECT jsonb_agg(jsonb_build_object('attempt', e -> 'attempt')) FROM jsonb_array_elements(errors) e
)`;

type OutlineRow = Awaited<ReturnType<ReturnType<typeof selectOutlines>["execute"]>>[number];

/** The outline in a row of `selectOutlines`. */
export function toOutline({ lastSeqs, errors, ...outline }: OutlineRow): JobOutline {
  return {
    ...outline,
    errors: errors ?? [],
    lastSeqs: new Map(Object.entries(lastSeqs ?? {}).map(([attempt, last]) => [Number(attempt), last])),
  };
}
