import type { Client } from "pg";
import type { RevertRisk } from "../../core/model/migration.ts";
import { COUNT_MAX, LEASE_SECONDS } from "../../core/model/limits.ts";
import { readAppliedSteps } from "./applied-steps.ts";
import { hasTable } from "./has-table.ts";
import { inReadOnly, withClient } from "./migration-session.ts";
import { MIGRATIONS_FOLDER, readSchemaFiles } from "./schema-files.ts";

/** What a `down.sql` takes away, rows and all. */
const DROPPED_TABLE = /\bDROP\s+TABLE\s+(?:IF\s+EXISTS\s+)?(\w+)/gi;
/** A column that goes takes what stood in it. */
const DROPPED_COLUMN = /\bALTER\s+TABLE\s+(?:IF\s+EXISTS\s+)?(?:ONLY\s+)?(\w+)[^;]*?\bDROP\s+COLUMN\b/gi;

/** What `migrateDown` of the newest `steps` steps would lose, and who is at work meanwhile. Reads only. */
export async function readRevertRisk(
  databaseUrl: string,
  steps: number,
  folder = MIGRATIONS_FOLDER,
): Promise<RevertRisk> {
  const files = await readSchemaFiles(folder);
  return await withClient(
    databaseUrl,
    async (client) =>
      await inReadOnly(client, async () => {
        const applied = await readAppliedSteps(client);
        const newest = files.steps.filter(({ version }) => applied.has(version)).slice(-steps);
        const names = newest.flatMap(({ down }) =>
          [DROPPED_TABLE, DROPPED_COLUMN].flatMap((one) =>
            [...down.matchAll(one)].map(([, name = ""]) => name),
          ),
        );
        const tables: RevertRisk["tables"][number][] = [];
        for (const name of new Set(names)) {
          const rows = await countRows(client, name, "");
          if (rows > 0) tables.push({ name, rows });
        }
        const lived = `WHERE heartbeat_at > now() - interval '${LEASE_SECONDS} s'`;
        return { tables, liveRunners: newest.length === 0 ? 0 : await countRows(client, "runners", lived) };
      }),
  );
}

/** 0 for a table that is not there. `name` comes from our own files. */
async function countRows(client: Client, name: string, where: string): Promise<number> {
  if (!(await hasTable(client, name))) return 0;
  const { rows } = await client.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM (SELECT FROM ${name} ${where} LIMIT ${COUNT_MAX}) r`,
  );
  return rows[0]?.count ?? 0;
}
