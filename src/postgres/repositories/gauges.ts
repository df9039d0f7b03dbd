import { sql } from "kysely";
import type { GaugeRepository, MeasuredWait, MoneyFigures, QueueFigures } from "../../core/model/gauges.ts";
import { HEARTBEAT_AGE_MAX_MS } from "../../core/model/limits.ts";
import { plainArray } from "../connection/arrays.ts";
import type { Database } from "../connection/database.ts";
import { onlyRow } from "../connection/decode.ts";
import { PostgresWaitingJobRepository } from "./waiting-jobs.ts";

type Fleet = Omit<QueueFigures, "priorities" | "queue_paused" | "unserved">;

/** The figures of metrics. The pool behind `database` has short limits: nobody else may wait for them. */
export class PostgresGaugeRepository implements GaugeRepository {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async queue(): Promise<QueueFigures> {
    const waiting = new PostgresWaitingJobRepository(this.#database);
    const priorities = await waiting.overview();
    const unserved = await waiting.unserved();
    return {
      priorities,
      unserved: unserved.reduce((total, type) => total + type.waiting, 0),
      queue_paused: (await waiting.pausedAt()) !== null,
      ...(await this.#fleet()),
    };
  }

  /** Running jobs are found by their leases, as `jobs` has no index on its status (ADR 2). */
  async #fleet(): Promise<Fleet> {
    const oldest = `${HEARTBEAT_AGE_MAX_MS} milliseconds`;
    const { rows } = await sql<Fleet>`
      SELECT (SELECT count(*) FROM jobs j WHERE j.id = ANY (array(SELECT unnest(l.job_ids) FROM leases l)) AND j.status = 'running') AS running,
             count(*) AS runners, coalesce(sum(r.slots), 0)::bigint AS slots,
             (SELECT coalesce(greatest(0, extract(epoch FROM clock_timestamp() - min(a.xact_start))), 0)::float8 FROM pg_stat_activity a WHERE a.datname = current_database() AND a.pid <> pg_backend_pid()) AS oldest_transaction_seconds,
             pg_database_size(current_database()) AS size_bytes,
             (
               SELECT coalesce(max(greatest(0, extract(epoch FROM clock_timestamp() - d.due_at))), 0)::float8
                 FROM webhook_endpoints e
                CROSS JOIN LATERAL (
                  (SELECT w.due_at FROM webhook_deliveries w WHERE w.endpoint_id = e.id AND w.status = 'pending' ORDER BY w.due_at LIMIT 1)
                  UNION ALL
                  (SELECT b.created_at FROM webhook_batches b WHERE b.endpoint_id = e.id ORDER BY b.id LIMIT 1)
                ) d
                WHERE e.disabled_at IS NULL AND e.listened_at IS NULL AND (e.paused_until IS NULL OR e.paused_until <= clock_timestamp())
             ) AS webhook_backlog_seconds
        FROM runners r WHERE r.heartbeat_at > clock_timestamp() - ${oldest}::interval`.execute(
      this.#database.kysely,
    );
    return onlyRow("the fleet", rows);
  }

  async money(): Promise<MoneyFigures[]> {
    // float8: the sums of a great many wallets may be no safe integers.
    const { rows } = await sql<MoneyFigures>`
      SELECT w.currency, sum(w.current_balance_cents)::float8 AS balance_cents, sum(w.pending_charges_cents)::float8 AS held_cents,
             coalesce(sum(w.month_spent_cents) FILTER (WHERE w.spend_month = date_trunc('month', now() AT TIME ZONE 'UTC')::date), 0)::float8 AS charged_cents,
             count(*) AS wallets, count(w.frozen_at) AS frozen, count(*) FILTER (WHERE w.current_balance_cents < w.low_balance_cents) AS low
        FROM wallets w GROUP BY 1`.execute(this.#database.kysely);
    return rows;
  }

  async waits(
    attempts: readonly { readonly id: string; readonly attempt: number }[],
  ): Promise<MeasuredWait[]> {
    // A job that was put back since has another run_at, or will have another start.
    const { rows } = await sql<MeasuredWait>`
      SELECT j.priority, extract(epoch FROM j.started_at - j.run_at)::float8 AS waited_seconds
        FROM unnest(${plainArray(attempts.map(({ id }) => id))}::uuid[], ${plainArray(attempts.map(({ attempt }) => attempt))}::int[]) a (id, attempt)
        JOIN jobs j ON j.id = a.id AND j.attempt = a.attempt
       WHERE j.started_at >= j.run_at`.execute(this.#database.kysely);
    return rows;
  }
}
