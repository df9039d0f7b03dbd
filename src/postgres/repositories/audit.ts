import { sql } from "kysely";
import type { AuditRow } from "../../core/model/audit.ts";
import type { Database } from "../connection/database.ts";

/** The view `audit`: one statement, so one snapshot. */
export async function readAudit({ kysely }: Pick<Database, "kysely">): Promise<AuditRow[]> {
  const rows = await kysely.selectFrom("audit").selectAll().execute();
  // To the catalog every column of a view may be NULL. Of these only `example` ever is.
  return rows.map((row) => ({
    promise: row.promise ?? "",
    says: row.says ?? "",
    broken: row.broken ?? 0,
    example: row.example,
  }));
}

/** `readAudit`, unless another process does the same just now: then undefined. It reads every row there is. */
export async function readAuditAlone({ kysely }: Database): Promise<AuditRow[] | undefined> {
  return await kysely.transaction().execute(async (tx) => {
    const { rows } = await sql<{ taken: boolean }>`
      SELECT pg_try_advisory_xact_lock(hashtext('audit')) AS taken`.execute(tx);
    return rows[0]?.taken === true ? await readAudit({ kysely: tx }) : undefined;
  });
}
