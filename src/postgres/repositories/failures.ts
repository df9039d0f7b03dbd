import { sql } from "kysely";
import type {
  FailureFilter,
  FailureGroup,
  FailurePosition,
  FailureRepository,
  RisingFailure,
} from "../../core/model/failure.ts";
import { RISING_FAILURE_JOBS_MIN, RISING_FAILURES_MAX } from "../../core/model/limits.ts";
import { plainArray } from "../connection/arrays.ts";
import type { Database } from "../connection/database.ts";

type Released = FailureGroup["released"];

export class PostgresFailureRepository implements FailureRepository {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async list(
    filter: FailureFilter,
    { limit, before }: { readonly limit: number; readonly before?: FailurePosition | undefined },
  ): Promise<FailureGroup[]> {
    const { since } = filter;
    const [customer_id, job_type_id] = [filter.customer_id ?? null, filter.job_type_id ?? null];
    const [last_seen_at, last] = before ? [before.last_seen_at, before.fingerprint] : [null, null];
    const { rows } = await sql<Omit<FailureGroup, "released">>`
      SELECT g.*, n.code, n.pattern, n.message, n.job_id AS sample_job_id,
             (SELECT f.first_at FROM failures f
               WHERE f.fingerprint = g.fingerprint AND (${customer_id}::uuid IS NULL OR f.customer_id = ${customer_id}::uuid)
               ORDER BY f.minute, f.first_at LIMIT 1) AS first_seen_at
        FROM (
          SELECT f.fingerprint, f.job_type_id,
                 sum(f.jobs)::bigint AS jobs,
                 sum(f.attempts)::bigint AS attempts,
                 max(f.last_at) AS last_seen_at,
                 count(DISTINCT f.customer_id) AS customers
            FROM failures f
           WHERE f.minute >= date_trunc('minute', ${since}::timestamptz)
             AND f.last_at >= ${since}::timestamptz
             AND (${customer_id}::uuid IS NULL OR f.customer_id = ${customer_id}::uuid)
             AND (${job_type_id}::uuid IS NULL OR f.job_type_id = ${job_type_id}::uuid)
           GROUP BY 1, 2
          HAVING ${last_seen_at}::timestamptz IS NULL
              OR (max(f.last_at), f.fingerprint) < (${last_seen_at}::timestamptz, ${last}::uuid)
           ORDER BY max(f.last_at) DESC, f.fingerprint DESC
           LIMIT ${limit}
        ) g
       CROSS JOIN LATERAL (
         SELECT f.code, f.pattern, f.message, f.job_id FROM failures f
          WHERE f.fingerprint = g.fingerprint AND (${customer_id}::uuid IS NULL OR f.customer_id = ${customer_id}::uuid)
          ORDER BY f.minute DESC, f.last_at DESC LIMIT 1
       ) n
       ORDER BY g.last_seen_at DESC, g.fingerprint DESC`.execute(this.#database.kysely);
    const released = await this.#released(
      rows.map((row) => row.fingerprint),
      { customer_id, since },
    );
    return rows.map((row) => ({ ...row, released: released.get(row.fingerprint) ?? [] }));
  }

  async rising(): Promise<RisingFailure[]> {
    const { rows } = await sql<RisingFailure>`
      SELECT g.fingerprint, g.job_type_id, t.name AS "typeName", g.code, g.pattern, g.recent AS jobs, g.is_new AS "isNew"
        FROM (
          SELECT f.fingerprint, f.job_type_id, f.code, f.pattern,
                 coalesce(sum(f.jobs) FILTER (WHERE f.last_at >= now() - interval '15 minutes'), 0)::bigint AS recent,
                 coalesce(sum(f.jobs) FILTER (WHERE f.last_at < now() - interval '15 minutes'), 0)::bigint AS before,
                 NOT EXISTS (SELECT FROM failures o WHERE o.fingerprint = f.fingerprint AND o.minute < now() - interval '61 minutes') AS is_new
            FROM failures f
           WHERE f.minute >= now() - interval '24 hours 15 minutes'
           GROUP BY 1, 2, 3, 4
        ) g
        JOIN job_types t ON t.id = g.job_type_id
       WHERE g.recent > 0
         AND (g.is_new OR (g.recent >= ${RISING_FAILURE_JOBS_MIN} AND g.recent >= 3 * g.before / 96))
       ORDER BY g.recent DESC
       LIMIT ${RISING_FAILURES_MAX}`.execute(this.#database.kysely);
    return rows;
  }

  async #released(
    fingerprints: readonly string[],
    { customer_id, since }: { customer_id: string | null; since: string },
  ): Promise<ReadonlyMap<string, Released>> {
    if (fingerprints.length === 0) return new Map();
    const { rows } = await sql<{ fingerprint: string; currency: string; cents: number }>`
      SELECT f.fingerprint, w.currency, sum(f.released_cents)::bigint AS cents
        FROM failures f
        JOIN wallets w ON w.customer_id = f.customer_id
       WHERE f.fingerprint = ANY (${plainArray(fingerprints)}::uuid[])
         AND f.minute >= date_trunc('minute', ${since}::timestamptz)
         AND f.last_at >= ${since}::timestamptz
         AND (${customer_id}::uuid IS NULL OR f.customer_id = ${customer_id}::uuid)
       GROUP BY 1, 2
      HAVING sum(f.released_cents) > 0
       ORDER BY 1, 2`.execute(this.#database.kysely);
    const byFingerprint = new Map<string, Released[number][]>();
    for (const { fingerprint, currency, cents } of rows)
      byFingerprint.set(fingerprint, [...(byFingerprint.get(fingerprint) ?? []), { currency, cents }]);
    return byFingerprint;
  }
}
