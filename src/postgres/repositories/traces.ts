import { sql } from "kysely";
import type { TraceContext, TraceRepository } from "../../core/model/traces.ts";
import { plainArray } from "../connection/arrays.ts";
import type { Database } from "../connection/database.ts";

/** Reads the traces of jobs, a batch in one query. `submit_traced_jobs` has stored them. */
export class PostgresTraceRepository implements TraceRepository {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async find(ids: readonly string[]): Promise<ReadonlyMap<string, TraceContext>> {
    if (ids.length === 0) return new Map();
    const rows = await this.#database.kysely
      .selectFrom("job_traces")
      .select(["job_id", "traceparent", "tracestate"])
      .where(sql<boolean>`job_id = ANY (${plainArray(ids)}::uuid[])`)
      .execute();
    return new Map(
      rows.map(({ job_id, traceparent, tracestate }) => [
        job_id,
        tracestate === null ? { traceparent } : { traceparent, tracestate },
      ]),
    );
  }
}
