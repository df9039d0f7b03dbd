import { sql, type ExpressionBuilder } from "kysely";
import { STATUSES_OF, type BulkActionKind, type BulkFilter } from "../../core/model/bulk-action.ts";
import { plainArray } from "../connection/arrays.ts";
import type { Database } from "../connection/database.ts";
import type { DB } from "../connection/tables.gen.ts";
import { earliestIdOf } from "../hot/stored-jobs.ts";

/** Which jobs an action reaches. */
export interface Selection {
  readonly action: BulkActionKind;
  readonly filter: BulkFilter;
  /** The customer whose jobs alone it reaches. */
  readonly owner_id: string | null;
  /** Only jobs of before. */
  readonly created_at: string;
}

/**
 * Up to `window` jobs by id, each with whether it matches. Bounded by what is looked at, and not by what
 * matches: in a long history few jobs may match.
 */
export function selectWindow(
  { kysely }: Database,
  selection: Selection,
  { after, window }: { readonly after: string | null; readonly window: number },
) {
  const { filter, owner_id } = selection;
  const customer_id = owner_id ?? filter.customer_id;
  let query = kysely
    .selectFrom("jobs")
    .select(["jobs.id", "jobs.customer_id", "jobs.job_type_id", "jobs.status", "jobs.estimated_cost_cents"])
    .select((eb) => matches(eb, selection).as("matches"))
    .limit(window);
  if (filter.ids !== undefined)
    query = query.where(sql<boolean>`jobs.id = ANY (${plainArray(filter.ids)}::uuid[])`);
  if (filter.fingerprint !== undefined)
    query = query
      .innerJoin("failed_jobs", "failed_jobs.job_id", "jobs.id")
      .where("failed_jobs.fingerprint", "=", filter.fingerprint);
  if (filter.created_after !== undefined)
    query = query.where("jobs.id", ">", earliestIdOf(filter.created_after));
  if (after !== null) query = query.where("jobs.id", ">", after);
  return customer_id === undefined
    ? query.orderBy("jobs.id")
    : // Both columns, so that only jobs_by_customer can serve it: see filterJobs.
      query.where("jobs.customer_id", "=", customer_id).orderBy("jobs.customer_id").orderBy("jobs.id");
}

function matches(eb: ExpressionBuilder<DB, "jobs">, { action, filter, owner_id, created_at }: Selection) {
  const conditions = [eb("jobs.created_at", "<=", created_at)];
  if (filter.customer_id !== undefined && owner_id !== null)
    conditions.push(eb("jobs.customer_id", "=", filter.customer_id));
  if (filter.status !== undefined) conditions.push(eb("jobs.status", "=", filter.status));
  // Ids are named one by one: whoever names one learns why it is passed over.
  else if (filter.ids === undefined) conditions.push(eb("jobs.status", "in", [...STATUSES_OF[action]]));
  if (filter.job_type_id !== undefined) conditions.push(eb("jobs.job_type_id", "=", filter.job_type_id));
  if (filter.priority !== undefined) conditions.push(eb("jobs.priority", "=", filter.priority));
  if (filter.created_after !== undefined) conditions.push(eb("jobs.created_at", ">", filter.created_after));
  return eb.and(conditions);
}
