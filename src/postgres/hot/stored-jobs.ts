import { sql } from "kysely";
import type { AttemptError, Job, JobError, WaitingFor } from "../../core/model/job.ts";
import { plainArray } from "../connection/arrays.ts";
import type { Database } from "../connection/database.ts";

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
    .select(sql<WaitingFor | null>`waiting_for(jobs)`.as("waiting_for"));
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
