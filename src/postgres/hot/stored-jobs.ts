import { sql } from "kysely";
import type { AttemptError, Job, JobError, JobFilter, WaitingFor } from "../../core/model/job.ts";
import type { Progress } from "../../core/model/job-log.ts";
import { plainArray } from "../connection/arrays.ts";
import type { Database } from "../connection/database.ts";

/** How far apart the clocks of two processes may be. */
const CLOCKS_DIFFER_MS = 60_000;

/** A job as it is now. */
export interface StoredJob {
  readonly job: Job;
  /** Whether it waits to run now. */
  readonly due: boolean;
}

/** The query for the columns that `toJob` turns into a job. */
export function selectJobs({ kysely }: Database) {
  return kysely
    .selectFrom("jobs")
    .select(["id", "customer_id", "job_type_id", "status", "priority", "input_data", "output_data"])
    .select(["error", "errors", "estimated_cost_cents", "cost_cents", "attempt", "max_attempts", "retry_of"])
    .select(["excused_attempts", "run_at", "created_at", "started_at", "completed_at", "runner_id"])
    .select(sql<WaitingFor | null>`waiting_for(jobs)`.as("waiting_for"))
    .select(progress);
}

/** Of the latest attempt only: what an earlier one told says nothing of this one. */
const progress = sql<Progress | null>`(
  SELECT jsonb_build_object(
    'fraction', p.fraction,
    'message', p.message,
    'at', to_char(p.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
  )
    FROM job_progress p
   WHERE p.job_id = jobs.id AND p.attempt = jobs.attempt
)`.as("progress");

/**
 * The jobs of a filter, by id. Both columns are in the order when one customer's are asked for, so that only
 * jobs_by_customer can serve it: never a walk along the primary key that filters.
 */
export function filterJobs(
  jobs: ReturnType<typeof selectJobs>,
  filter: JobFilter,
  order: "asc" | "desc",
): ReturnType<typeof selectJobs> {
  let query =
    filter.customer_id === undefined
      ? jobs.orderBy("id", order)
      : jobs.where("customer_id", "=", filter.customer_id).orderBy("customer_id", order).orderBy("id", order);
  if (filter.status !== undefined) query = query.where("status", "=", filter.status);
  if (filter.job_type_id !== undefined) query = query.where("job_type_id", "=", filter.job_type_id);
  if (filter.priority !== undefined) query = query.where("priority", "=", filter.priority);
  if (filter.fingerprint !== undefined)
    query = query.where("id", "in", (eb) =>
      eb
        .selectFrom("failed_jobs")
        .select("job_id")
        .where("fingerprint", "=", filter.fingerprint ?? ""),
    );
  if (filter.created_after !== undefined)
    query = query
      .where("created_at", ">", filter.created_after)
      .where("id", ">", earliestIdOf(filter.created_after));
  return query;
}

/**
 * Ids are created before their jobs are stored, by clocks that may differ: the walk along the index goes a
 * minute further.
 */
export function earliestIdOf(created_after: string): string {
  return firstIdAt(Date.parse(created_after) - CLOCKS_DIFFER_MS);
}

/** No UUIDv7 of this moment, in Unix milliseconds, is lower. */
export function firstIdAt(unix_ms: number): string {
  const hex = Math.max(0, Math.floor(unix_ms)).toString(16).padStart(12, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}

/**
 * The schema knows no more of `error` and `errors` than that they are JSON: only settle_jobs and rescue_jobs
 * write them.
 */
export function toJob<Row extends { error: unknown; errors: unknown }>(row: Row) {
  return {
    ...row,
    error: row.error as JobError | null,
    errors: (row.errors ?? []) as AttemptError[],
  };
}

/** Reads jobs by id, in one query. Ids that are unknown are left out. */
export async function findStoredJobs(
  database: Database,
  ids: readonly string[],
): Promise<ReadonlyMap<string, StoredJob>> {
  if (ids.length === 0) return new Map();
  const rows = await selectJobs(database)
    .select(sql<boolean>`status = 'pending' AND run_at <= now()`.as("due"))
    .where(sql<boolean>`id = ANY (${plainArray(ids)}::uuid[])`)
    .execute();
  return new Map(rows.map(({ due, ...row }) => [row.id, { job: toJob(row), due }]));
}
