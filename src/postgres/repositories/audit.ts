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
    const row = await this.#databases.requests.kysely
      .selectFrom("last_audit")
      .select(["checked_at", "took_ms", "requested_at", "promises"])
      .executeTakeFirst();
    // Only run_audit writes it: rows of the view.
    const promises = (row?.promises ?? []) as unknown as AuditRow[];
    const { checked_at = null, took_ms = null, requested_at = null } = row ?? {};
    const status = checked_at === null ? null : isClean(promises) ? "clean" : "broken";
    return { status, checked_at, took_ms, requested_at, promises };
  }

  async request(): Promise<void> {
    await sql`
      INSERT INTO last_audit (requested_at) VALUES (clock_timestamp())
      ON CONFLICT (only_row) DO UPDATE SET requested_at = clock_timestamp()`.execute(
      this.#databases.requests.kysely,
    );
  }

  async runIfDue(): Promise<void> {
    await callRunAudit(this.#databases.reports, { every: `${AUDIT_EVERY_MS} milliseconds` });
  }
}
