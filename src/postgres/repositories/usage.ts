import { sql } from "kysely";
import type { UsageQuery, UsageRepository, UsageRow } from "../../core/model/usage.ts";
import type { Database } from "../connection/database.ts";

export class PostgresUsageRepository implements UsageRepository {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async list({ customer_id, bucket, from, to, limit }: UsageQuery): Promise<UsageRow[]> {
    const { rows } = await sql<UsageRow>`
      SELECT date_trunc(${bucket}, c.starts_at, 'UTC') AS starts_at,
             c.job_type_id,
             t.name AS job_type,
             coalesce(sum(c.jobs) FILTER (WHERE c.status = 'succeeded'), 0)::bigint AS succeeded,
             coalesce(sum(c.jobs) FILTER (WHERE c.status = 'failed'), 0)::bigint AS failed,
             coalesce(sum(c.jobs) FILTER (WHERE c.status = 'cancelled'), 0)::bigint AS cancelled,
             sum(c.charged_cents)::bigint AS charged_cents
        FROM customer_counts c
        JOIN job_types t ON t.id = c.job_type_id
       WHERE c.customer_id = ${customer_id}
         AND c.starts_at >= date_trunc(${bucket}, ${from}::timestamptz, 'UTC')
         AND c.starts_at < ${to}::timestamptz
       GROUP BY 1, 2, 3
       ORDER BY 1, 3, 2
       LIMIT ${limit}`.execute(this.#database.kysely);
    return rows;
  }
}
