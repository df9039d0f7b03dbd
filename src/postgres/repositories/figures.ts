import { sql } from "kysely";
import {
  RANGES,
  type EndedStatus,
  type FigureRepository,
  type JobTypeLoad,
  type MoneyMoved,
  type Percentiles,
  type PriorityLoad,
  type Range,
  type RunnerLoad,
  type Span,
  type WalletSums,
} from "../../core/model/figures.ts";
import { databaseClock } from "../../core/lib/database-clock.ts";
import { COUNT_MAX, ENDED_BATCHES_MAX, SUBMITTED_COUNT_MAX } from "../../core/model/limits.ts";
import type { Database } from "../connection/database.ts";
import { callCountEndedJobs } from "../connection/functions.gen.ts";
import { firstIdAt } from "../hot/stored-jobs.ts";

const RUNNING = sql`
  SELECT j.job_type_id, j.priority, count(*) AS running
    FROM (SELECT DISTINCT unnest(l.job_ids) AS id FROM leases l) r
    JOIN jobs j ON j.id = r.id AND j.status = 'running'
   GROUP BY 1, 2`;

export class PostgresFigureRepository implements FigureRepository {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async countEnded(): Promise<boolean> {
    return (await callCountEndedJobs(this.#database, { batches: ENDED_BATCHES_MAX })) === ENDED_BATCHES_MAX;
  }

  async lag_seconds(): Promise<number> {
    const { rows } = await sql<{ seconds: number }>`
      SELECT round(extract(epoch FROM clock_timestamp() - e.ended_at)::numeric, 3)::float8 AS seconds
        FROM (SELECT ended_at FROM ended_jobs ORDER BY id LIMIT 1) e`.execute(this.#database.kysely);
    return Math.max(0, rows[0]?.seconds ?? 0);
  }

  async history(range: Range): Promise<{ spans: Span[]; whole: Omit<Span, "starts_at"> }> {
    const [starts, counts, times, posted] = await Promise.all([
      this.#starts(range),
      this.#counts(range),
      this.#times(range),
      this.#posted(range),
    ]);
    const spanOf = (starts_at: string | undefined) => {
      const inSpan = <Row extends { starts_at: string }>(rows: readonly Row[]): Row[] =>
        starts_at === undefined ? [...rows] : rows.filter((row) => row.starts_at === starts_at);
      const waits = inSpan(times.filter(({ measure }) => measure === "wait"));
      const runs = inSpan(times.filter(({ measure }) => measure === "run"));
      return {
        ended: sumByStatus(inSpan(counts)),
        wait_seconds: percentiles(waits),
        run_seconds: percentiles(runs),
        money: sumByCurrency(inSpan(counts), inSpan(posted)),
      };
    };
    return {
      spans: starts.map((starts_at) => ({ starts_at, ...spanOf(starts_at) })),
      whole: spanOf(undefined),
    };
  }

  async wallets(): Promise<WalletSums[]> {
    const { rows } = await sql<WalletSums>`
      SELECT currency,
             count(*) AS wallets,
             sum(pending_charges_cents)::bigint AS held_cents,
             coalesce(sum(current_balance_cents) FILTER (WHERE current_balance_cents > 0), 0)::bigint AS liability_cents,
             coalesce(-sum(current_balance_cents) FILTER (WHERE current_balance_cents < 0), 0)::bigint AS receivable_cents
        FROM wallets
       GROUP BY 1
       ORDER BY 1`.execute(this.#database.kysely);
    return rows;
  }

  async jobTypes(): Promise<JobTypeLoad[]> {
    const { rows } = await sql<JobTypeLoad>`
      SELECT t.id AS job_type_id,
             t.name,
             coalesce(w.waiting, 0) AS waiting,
             w.oldest_wait_seconds,
             coalesce(r.running, 0)::bigint AS running,
             t.paused_at,
             EXISTS (SELECT FROM runners s WHERE serves(s, t) AND s.draining_at IS NULL) AS served
        FROM job_types t
        LEFT JOIN (
          SELECT q.job_type_id,
                 count(*) AS waiting,
                 round(extract(epoch FROM clock_timestamp() - min(q.waits_since))::numeric, 3)::float8 AS oldest_wait_seconds
            FROM (SELECT job_type_id, waits_since FROM job_queue LIMIT ${COUNT_MAX}) q
           GROUP BY 1
        ) w ON w.job_type_id = t.id
        LEFT JOIN (SELECT x.job_type_id, sum(x.running) AS running FROM (${RUNNING}) x GROUP BY 1) r
          ON r.job_type_id = t.id
       WHERE w.waiting > 0 OR r.running > 0 OR t.paused_at IS NOT NULL
       ORDER BY coalesce(w.waiting, 0) DESC, t.name
       LIMIT 100`.execute(this.#database.kysely);
    return rows;
  }

  async running(): Promise<PriorityLoad[]> {
    const { rows } = await sql<PriorityLoad>`
      SELECT x.priority, sum(x.running)::bigint AS running FROM (${RUNNING}) x GROUP BY 1 ORDER BY 1`.execute(
      this.#database.kysely,
    );
    return rows;
  }

  async runningByRunner(): Promise<RunnerLoad[]> {
    const { rows } = await sql<RunnerLoad>`
      SELECT r.runner_id, count(*) AS running
        FROM (SELECT DISTINCT l.runner_id, unnest(l.job_ids) AS id FROM leases l) r
        JOIN jobs j ON j.id = r.id AND j.status = 'running' AND j.runner_id = r.runner_id
       GROUP BY 1`.execute(this.#database.kysely);
    return rows;
  }

  /** Ids have the time of their creation, and the primary key is in their order. */
  async submitted(seconds: number): Promise<number> {
    const { rows } = await sql<{ jobs: number }>`
      SELECT count(*) AS jobs
        FROM (SELECT FROM jobs WHERE id >= ${firstIdAt(databaseClock.now() - seconds * 1_000)}::uuid
               LIMIT ${SUBMITTED_COUNT_MAX}) j`.execute(this.#database.kysely);
    return rows[0]?.jobs ?? 0;
  }

  /** The beginnings of the spans, oldest first; the last one is of the span that goes on now. */
  async #starts(range: Range): Promise<string[]> {
    const { spans, span } = RANGES[range];
    const { rows } = await sql<{ starts_at: string }>`
      SELECT date_trunc(${span}, now(), 'UTC') - n * ('1 ' || ${span})::interval AS starts_at
        FROM generate_series(0, ${spans - 1}::int) n
       ORDER BY 1`.execute(this.#database.kysely);
    return rows.map((row) => row.starts_at);
  }

  async #counts(range: Range): Promise<CountRow[]> {
    const { spans, span } = RANGES[range];
    const { rows } = await sql<CountRow>`
      SELECT starts_at, status, currency, sum(jobs)::bigint AS jobs, sum(charged_cents)::bigint AS charged_cents
        FROM job_counts
       WHERE span = ${span} AND starts_at > date_trunc(${span}, now(), 'UTC') - ${spans}::int * ('1 ' || ${span})::interval
       GROUP BY 1, 2, 3`.execute(this.#database.kysely);
    return rows;
  }

  async #times(range: Range): Promise<TimeRow[]> {
    const { spans, span } = RANGES[range];
    const { rows } = await sql<TimeRow>`
      SELECT starts_at, measure, bucket, jobs
        FROM job_times
       WHERE span = ${span} AND starts_at > date_trunc(${span}, now(), 'UTC') - ${spans}::int * ('1 ' || ${span})::interval`.execute(
      this.#database.kysely,
    );
    return rows;
  }

  async #posted(range: Range): Promise<PostedRow[]> {
    const { spans, span } = RANGES[range];
    const { rows } = await sql<PostedRow>`
      SELECT date_trunc(${span}, e.created_at, 'UTC') AS starts_at,
             w.currency,
             coalesce(sum(e.amount_cents) FILTER (WHERE e.kind = 'refund'), 0)::bigint AS refunded_cents,
             coalesce(sum(e.amount_cents) FILTER (WHERE e.kind = 'top_up'), 0)::bigint AS topped_up_cents
        FROM wallet_entries e
        JOIN wallets w ON w.id = e.wallet_id
       WHERE e.kind <> 'charge'
         AND e.created_at >= date_trunc(${span}, now(), 'UTC') - (${spans}::int - 1) * ('1 ' || ${span})::interval
       GROUP BY 1, 2`.execute(this.#database.kysely);
    return rows;
  }
}

interface CountRow {
  readonly starts_at: string;
  readonly status: EndedStatus;
  readonly currency: string;
  readonly jobs: number;
  readonly charged_cents: number;
}

interface TimeRow {
  readonly starts_at: string;
  readonly measure: "wait" | "run";
  readonly bucket: number;
  readonly jobs: number;
}

interface PostedRow {
  readonly starts_at: string;
  readonly currency: string;
  readonly refunded_cents: number;
  readonly topped_up_cents: number;
}

function sumByStatus(rows: readonly CountRow[]): Record<EndedStatus, number> {
  const ended = { succeeded: 0, failed: 0, cancelled: 0 };
  for (const { status, jobs } of rows) ended[status] += jobs;
  return ended;
}

function sumByCurrency(counts: readonly CountRow[], posted: readonly PostedRow[]): MoneyMoved[] {
  const currencies = [...new Set([...counts, ...posted].map(({ currency }) => currency))].toSorted();
  return currencies.map((currency) => {
    const charged = counts.filter((row) => row.currency === currency);
    const moved = posted.filter((row) => row.currency === currency);
    return {
      currency,
      charged_cents: charged.reduce((sum, row) => sum + row.charged_cents, 0),
      refunded_cents: moved.reduce((sum, row) => sum + row.refunded_cents, 0),
      topped_up_cents: moved.reduce((sum, row) => sum + row.topped_up_cents, 0),
    };
  });
}

/** The upper ends of the buckets in which the percentiles lie. */
function percentiles(rows: readonly TimeRow[]): Percentiles {
  const byBucket = new Map<number, number>();
  for (const { bucket, jobs } of rows) byBucket.set(bucket, (byBucket.get(bucket) ?? 0) + jobs);
  const buckets = [...byBucket].toSorted(([one], [other]) => one - other);
  const total = buckets.reduce((sum, [, jobs]) => sum + jobs, 0);
  const at = (share: number): number | null => {
    let seen = 0;
    for (const [bucket, jobs] of buckets) {
      seen += jobs;
      if (seen >= share * total) return Math.round(2 ** (bucket / 4)) / 1_000;
    }
    return null;
  };
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}
