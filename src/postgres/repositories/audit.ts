import { sql } from "kysely";
import { isClean, type AuditRepository, type AuditRow, type LastAudit } from "../../core/model/audit.ts";
import { AUDIT_EVERY_MS } from "../../core/model/limits.ts";
import type { Database } from "../connection/database.ts";
import { callRunAudit } from "../connection/functions.gen.ts";

/** The view `audit`: one statement, so one snapshot. */
export async function readAudit(database: Database): Promise<AuditRow[]> {
  const rows = await database.kysely.selectFrom("audit").selectAll().execute();
  // To the catalog every column of a view may be NULL. Of these only `example` ever is.
  return rows.map((row) => ({
    promise: row.promise ?? "",
    says: row.says ?? "",
    broken: row.broken ?? 0,
    example: row.example,
  }));
}

interface Databases {
  readonly requests: Database;
  /** Reads every row there is. */
  readonly reports: Database;
}

export class PostgresAuditRepository implements AuditRepository {
  readonly #databases: Databases;

  constructor(databases: Databases) {
    this.#databases = databases;
  }

  async last(): Promise<LastAudit> {
    const { promises, ...row } = await this.#databases.requests.kysely
      .selectFrom("last_audit")
      .select(["checked_at", "took_ms", "requested_at", "promises"])
      .executeTakeFirstOrThrow();
    // Only run_audit writes it: rows of the view.
    const rows = (promises ?? []) as unknown as AuditRow[];
    return {
      status: row.checked_at === null ? null : isClean(rows) ? "clean" : "broken",
      ...row,
      promises: rows,
    };
  }

  async request(): Promise<void> {
    await this.#databases.requests.kysely
      .updateTable("last_audit")
      .set({ requested_at: sql`coalesce(requested_at, clock_timestamp())` })
      .execute();
  }

  async runIfDue(): Promise<void> {
    await callRunAudit(this.#databases.reports, { every: `${AUDIT_EVERY_MS} milliseconds` });
  }
}
