import type { AuditRow } from "../../core/model/audit.ts";
import type { Database } from "../connection/database.ts";

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
