import { sql, type RawBuilder } from "kysely";
import type { CappedCount, JobFilter, JobStatus } from "../../core/model/job.ts";
import { STATUS_COUNT_MAX, STATUS_COUNT_WINDOW } from "../../core/model/limits.ts";
import type { Page } from "../../core/model/page.ts";
import type { Database } from "../connection/database.ts";
import { onlyRow } from "../connection/decode.ts";

/*
 * `jobs` has no index on its status, which changes (ADR 2). But jobs that wait stand in one of four tables, those
 * that run in leases, and upkeep lists those that failed or were cancelled. What upkeep has not come to is in
 * ended_jobs. Only jobs that succeeded are found by a walk along all.
 */

type Owned = Pick<JobFilter, "customer_id" | "job_type_id">;

/** A query for columns of a table. */
type Query = RawBuilder<unknown>;

const UNCOUNTED: Query = sql`SELECT i.id FROM ended_jobs e CROSS JOIN LATERAL unnest(e.job_ids) i (id)`;
const LEASED: Query = sql`SELECT i.id FROM leases l CROSS JOIN LATERAL unnest(l.job_ids) i (id)`;
const OTHER_PLACES = ["job_schedule", "job_parked", "job_alone"] as const;

/**
 * A query for ids among which are the next jobs of a status, newest first; undefined where a walk along all jobs
 * must find them.
 */
export function listCandidates(filter: JobFilter, { limit, before }: Page): Query | undefined {
  const { status, priority, created_after, fingerprint } = filter;
  if (status === undefined || status === "succeeded") return undefined;
  if (status === "running") return LEASED;
  // What the tables do not know would pass over some of the candidates.
  if (priority !== undefined || created_after !== undefined || fingerprint !== undefined) return undefined;
  const older = before === undefined ? sql`true` : sql`job_id < ${before}::uuid`;
  const newest = (table: Query, where: Query): Query =>
    sql`(SELECT job_id FROM ${table} WHERE ${where} AND ${owned(filter)} AND ${older} ORDER BY job_id DESC LIMIT ${limit})`;
  if (status === "pending")
    return sql.join(
      [
        ...[0, 1, 2].map((one) => newest(sql`job_queue`, sql`priority = ${one}::smallint`)),
        ...OTHER_PLACES.map((place) => newest(sql.table(place), sql`true`)),
      ],
      sql` UNION ALL `,
    );
  return sql`${newest(sql`unsuccessful_jobs`, sql`status = ${status}::job_status`)} UNION ALL ${UNCOUNTED}`;
}

/** Counts a bounded number of jobs of each status. */
export async function countByStatus(
  { kysely }: Database,
  filter: Owned,
): Promise<Record<JobStatus, CappedCount>> {
  const { customer_id } = filter;
  const hasFilter = customer_id !== undefined || filter.job_type_id !== undefined;
  const window = hasFilter ? STATUS_COUNT_WINDOW : STATUS_COUNT_MAX + 1;
  const ofCustomer = owned({ customer_id });
  const places = [
    // By the index of a customer's lanes.
    sql`SELECT * FROM job_queue WHERE priority = ANY ('{0,1,2}'::smallint[]) AND ${ofCustomer} LIMIT ${window}`,
    ...OTHER_PLACES.map(
      (place) => sql`SELECT * FROM ${sql.table(place)} WHERE ${ofCustomer} LIMIT ${window}`,
    ),
  ];
  const unsuccessful = (status: JobStatus): Query[] => [
    sql`SELECT * FROM unsuccessful_jobs WHERE status = ${status}::job_status AND ${ofCustomer} LIMIT ${window}`,
    sql`SELECT * FROM jobs WHERE id = ANY (array(${UNCOUNTED})) AND status = ${status}::job_status`,
  ];
  const walk = sql`SELECT * FROM jobs WHERE ${ofCustomer} ORDER BY ${customer_id === undefined ? sql`` : sql`customer_id DESC,`} id DESC LIMIT ${STATUS_COUNT_WINDOW}`;
  const running = sql`SELECT * FROM jobs WHERE id = ANY (array(${LEASED})) AND status = 'running'`;
  const counts: Record<JobStatus, Counted> = {
    pending: counted(places, filter, window),
    running: counted([running], filter, Infinity),
    succeeded: counted([walk], filter, STATUS_COUNT_WINDOW, sql`status = 'succeeded'`),
    failed: counted(unsuccessful("failed"), filter, window),
    cancelled: counted(unsuccessful("cancelled"), filter, window),
  };
  const columns = Object.entries(counts).map(
    ([status, { jobs, isCut }]) =>
      sql`jsonb_build_object('jobs', ${jobs}, 'more', ${isCut}) AS ${sql.ref(status)}`,
  );
  const { rows } = await sql<Record<JobStatus, CappedCount>>`SELECT ${sql.join(columns)}`.execute(kysely);
  const found = onlyRow("count_by_status", rows);
  return {
    pending: capped(found.pending),
    running: capped(found.running),
    succeeded: capped(found.succeeded),
    failed: capped(found.failed),
    cancelled: capped(found.cancelled),
  };
}

interface Counted {
  readonly jobs: Query;
  /** Whether there was more to look at. */
  readonly isCut: Query;
}

/** The jobs of some places, of which each is looked at up to `window`. It stops where it has enough. */
function counted(places: readonly Query[], filter: Owned, window: number, where = sql`true`): Counted {
  const jobs = places.map(
    (place) =>
      sql`(SELECT count(*) FROM (SELECT FROM (${place}) p WHERE ${owned(filter)} AND ${where} LIMIT ${STATUS_COUNT_MAX + 1}) m)`,
  );
  if (window === Infinity) return { jobs: sql.join(jobs, sql` + `), isCut: sql`false` };
  const cuts = places.map((place) => sql`(SELECT count(*) FROM (${place}) p) >= ${window}`);
  return { jobs: sql.join(jobs, sql` + `), isCut: sql`(${sql.join(cuts, sql` OR `)})` };
}

function capped({ jobs, more }: CappedCount): CappedCount {
  return { jobs: Math.min(jobs, STATUS_COUNT_MAX), more: more || jobs > STATUS_COUNT_MAX };
}

/** What of a filter every table knows. */
function owned({ customer_id, job_type_id }: Owned): Query {
  const ofCustomer = customer_id === undefined ? sql`true` : sql`customer_id = ${customer_id}::uuid`;
  return job_type_id === undefined ? ofCustomer : sql`${ofCustomer} AND job_type_id = ${job_type_id}::uuid`;
}
