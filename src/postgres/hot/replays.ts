import type { IdempotencyKey } from "../../core/model/idempotency.ts";
import type { Job, NewJob, Submitted } from "../../core/model/job.ts";
import { idempotencyKeyReused, madeJobIsGone } from "../../core/model/refusals.ts";
import type { Database } from "../connection/database.ts";
import { findStoredJobs, type StoredJob } from "./stored-jobs.ts";

// An Idempotency-Key stands for one request and the jobs that it created, one for each item. The same request
// sent again gets those jobs, as they are now.

/**
 * Returns the ids of what a key's request created, by item; null for items that were refused, empty for a key
 * that is not known.
 */
export async function findSubjects(
  { kysely }: Database,
  key: IdempotencyKey,
): Promise<readonly (string | null)[]> {
  const row = await kysely
    .selectFrom("idempotency_keys")
    .select(["request_hash", "subjects"])
    .where("id", "=", key.id)
    .executeTakeFirst();
  if (!row) return [];
  if (row.request_hash !== key.request_hash) throw idempotencyKeyReused();
  return row.subjects;
}

/**
 * Returns what a key's request created, by item; undefined for items that were refused, empty for a key that
 * is not known.
 */
export async function findMade(
  database: Database,
  key: IdempotencyKey,
): Promise<readonly (Job | undefined)[]> {
  const subjects = await findSubjects(database, key);
  if (subjects.length === 0) return [];
  const jobs = await findStoredJobs(
    database,
    subjects.filter((id) => id !== null),
  );
  return subjects.map((id) => (id === null ? undefined : jobs.get(id)?.job));
}

/**
 * The result for a job whose key stands for `made` already. When that is this very job, only the reply to
 * storing it was lost, and nothing is replayed.
 */
export function replayOf(job: NewJob, made: StoredJob | undefined): Submitted {
  if (!made) return { refused: madeJobIsGone() };
  return made.job.id === job.id ? made : { job: made.job, due: false, replayed: true };
}

/**
 * The first job of the batch that is the same item of the same request: a request that was sent twice at
 * once.
 */
export function firstTwin(jobs: readonly NewJob[], { key }: NewJob): NewJob | undefined {
  if (!key) return undefined;
  return jobs.find(
    (other) =>
      other.key?.id === key.id && other.key.request_hash === key.request_hash && other.key.item === key.item,
  );
}
