import { sql } from "kysely";
import { EventNumbers } from "../../core/model/job-event.ts";
import type { JobError } from "../../core/model/job.ts";
import { WEBHOOK_VALUE_BYTES_MAX } from "../../core/model/limits.ts";
import type { ToldJob } from "../../core/model/webhook.ts";
import { plainArray } from "../connection/arrays.ts";
import type { Database } from "../connection/database.ts";
import { ATTEMPTS_THAT_FAILED, LAST_SEQS, toOutline } from "./job-outlines.ts";

/** A stored value of so many bytes, compressed as it may be, is not even looked at. */
const STORED_BYTES_MAX = 65_536;

/**
 * Reads jobs by id as events tell of them. What is certain to be too large for an event stays in the database: a
 * claim of many jobs would fill the memory with it. PostgreSQL writes JSON with blanks, up to twice as long.
 */
export async function findToldJobs(
  { kysely }: Database,
  ids: readonly string[],
): Promise<ReadonlyMap<string, ToldJob>> {
  if (ids.length === 0) return new Map();
  const rows = await kysely
    .selectFrom("jobs")
    .select(["id", "customer_id", "job_type_id", "status", "priority"])
    .select([unlessLarge("input_data").as("input_data"), unlessLarge("output_data").as("output_data")])
    .select(["error", "estimated_cost_cents", "cost_cents", "attempt", "max_attempts", "retry_of"])
    .select(["excused_attempts", "run_at", "created_at", "started_at", "completed_at", "runner_id"])
    .select([isLarge("input_data").as("largeInput"), isLarge("output_data").as("largeOutput")])
    .select([ATTEMPTS_THAT_FAILED.as("errors"), LAST_SEQS.as("lastSeqs")])
    .where(sql<boolean>`id = ANY (${plainArray(ids)}::uuid[])`)
    .execute();
  return new Map(
    rows.map(({ largeInput, largeOutput, errors, lastSeqs, ...row }) => {
      // Only settle_jobs and rescue_jobs write it.
      const job = { ...row, error: row.error as JobError | null };
      const told = {
        job,
        sequence: new EventNumbers(toOutline({ ...job, errors, lastSeqs })).last,
        omitted: [
          ...(largeInput ? (["input_data"] as const) : []),
          ...(largeOutput ? (["output_data"] as const) : []),
        ],
      };
      return [job.id, told];
    }),
  );
}

/** False where there is none. */
function isLarge(name: "input_data" | "output_data") {
  const value = sql.ref(name);
  return sql<boolean>`coalesce(
    pg_column_size(${value}) > ${STORED_BYTES_MAX}
    OR octet_length(${value}::text) > ${2 * WEBHOOK_VALUE_BYTES_MAX},
    false
  )`;
}

function unlessLarge(name: "input_data" | "output_data") {
  return sql`CASE WHEN NOT ${isLarge(name)} THEN ${sql.ref(name)} END`;
}
