import { sql } from "kysely";
import type { BulkExpectation } from "../../core/model/bulk-action.ts";
import { BULK_PREVIEW_JOBS_MAX, BULK_PREVIEW_WINDOW } from "../../core/model/limits.ts";
import type { Database } from "../connection/database.ts";
import { onlyRow } from "../connection/decode.ts";
import { selectWindow, type Selection } from "./bulk-selection.ts";

interface PreviewRow {
  readonly seen: number;
  readonly matched: number;
  readonly jobs: number;
  readonly skips: Readonly<Record<string, number>>;
  readonly costs: Readonly<Record<string, number>>;
}

/**
 * Counts what an action would do, and changes nothing. For a retry it goes by today's prices and by what the
 * wallets have now, oldest job first: what is too dear counts against what comes after it. It does not look at
 * inputs: a type's schema may refuse one later.
 */
export async function previewBulkAction(database: Database, selection: Selection): Promise<BulkExpectation> {
  const window = selectWindow(database, selection, { after: null, window: BULK_PREVIEW_WINDOW });
  const verdict = selection.action === "cancel" ? CANCEL : RETRY;
  const { rows } = await sql<PreviewRow>`
    WITH looked AS MATERIALIZED (${window}),
    matched AS MATERIALIZED (SELECT l.* FROM looked l WHERE l.matches LIMIT ${BULK_PREVIEW_JOBS_MAX}),
    verdict AS MATERIALIZED (${verdict})
    SELECT (SELECT count(*) FROM looked) AS seen,
           (SELECT count(*) FROM matched) AS matched,
           (SELECT count(*) FROM verdict v WHERE v.skip IS NULL) AS jobs,
           (SELECT coalesce(jsonb_object_agg(s.skip, s.jobs), '{}')
              FROM (SELECT v.skip, count(*) AS jobs FROM verdict v WHERE v.skip IS NOT NULL GROUP BY 1) s) AS skips,
           (SELECT coalesce(jsonb_object_agg(c.currency, c.cents), '{}')
              FROM (SELECT v.currency, sum(v.cents) AS cents FROM verdict v WHERE v.skip IS NULL GROUP BY 1) c) AS costs`.execute(
    database.kysely,
  );
  const { seen, matched, jobs, skips, costs } = onlyRow("the preview", rows);
  const named = selection.filter.ids?.length;
  const missing = named === undefined ? 0 : named - matched;
  return {
    matched,
    is_capped: seen === BULK_PREVIEW_WINDOW || matched === BULK_PREVIEW_JOBS_MAX,
    jobs,
    skips: toSkips(missing > 0 ? { ...skips, not_found: missing } : skips),
    costs: toCosts(costs),
  };
}

const CANCEL = sql`
  SELECT CASE WHEN m.status NOT IN ('pending', 'running') THEN 'already_ended' END AS skip,
         w.currency,
         m.estimated_cost_cents AS cents
    FROM matched m
    JOIN wallets w ON w.customer_id = m.customer_id`;

/** The reasons are in the order of advance_bulk_retry and of quote_job. */
const RETRY = sql`
  SELECT coalesce(p.skip, hold_refusal(w, CASE WHEN p.cents > 0 THEN p.sum ELSE 0 END)) AS skip, w.currency, p.cents
    FROM (
      SELECT q.*,
             sum(q.cents) FILTER (WHERE q.skip IS NULL) OVER (PARTITION BY q.customer_id ORDER BY q.id)::bigint AS sum
        FROM (
          SELECT m.id, m.customer_id,
                 coalesce(o.cost_cents, t.standard_cost_cents) AS cents,
                 CASE
                   WHEN m.status IN ('pending', 'running') THEN 'not_ended'
                   WHEN m.status = 'succeeded' THEN 'succeeded'
                   WHEN r.retry_of IS NOT NULL THEN 'already_retried'
                   WHEN NOT c.active THEN 'customer_inactive'
                   WHEN NOT t.enabled THEN 'job_type_disabled'
                   WHEN o.cost_cents IS NULL AND NOT is_priced_in(t, w.currency) THEN 'currency_mismatch'
                 END AS skip
            FROM matched m
            JOIN customers c ON c.id = m.customer_id
            JOIN wallets w ON w.customer_id = m.customer_id
            JOIN job_types t ON t.id = m.job_type_id
            LEFT JOIN customer_prices o ON o.customer_id = m.customer_id AND o.job_type_id = m.job_type_id
            LEFT JOIN (SELECT DISTINCT x.retry_of FROM jobs x WHERE x.retry_of IS NOT NULL) r ON r.retry_of = m.id
        ) q
    ) p
    JOIN wallets w ON w.customer_id = p.customer_id`;

export function toSkips(skips: Readonly<Record<string, number>>): BulkExpectation["skips"] {
  return Object.entries(skips)
    .map(([reason, jobs]) => ({ reason, jobs }))
    .toSorted((one, other) => other.jobs - one.jobs || one.reason.localeCompare(other.reason));
}

export function toCosts(costs: Readonly<Record<string, number>>): BulkExpectation["costs"] {
  return Object.entries(costs)
    .map(([currency, cents]) => ({ currency, cents }))
    .toSorted((one, other) => one.currency.localeCompare(other.currency));
}
