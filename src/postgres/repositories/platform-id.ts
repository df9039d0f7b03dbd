import { sql } from "kysely";
import { isRetryable } from "../../core/lib/with-retry.ts";
import type { Database } from "../connection/database.ts";

/**
 * Names the database among all others: its name for people, then the server's identifier, which initdb drew,
 * and the number that the server gave the database. A copy of a whole server (a snapshot of its disk) has the
 * same one; a dump that was restored, a clone and an upgraded server have another.
 */
export async function readPlatformId(database: Database): Promise<string> {
  const server = await readServerId(database);
  const { rows } = await sql<{ name: string; oid: string }>`
    SELECT datname AS name, oid::text FROM pg_database WHERE datname = current_database()`.execute(
    database.kysely,
  );
  return `database "${rows[0]?.name}" (${server}/${rows[0]?.oid})`;
}

/** Every role may read it, unless an operator took that right away. */
async function readServerId({ kysely }: Database): Promise<string> {
  try {
    const { rows } = await sql<{ id: string }>`
      SELECT system_identifier::text AS id FROM pg_control_system()`.execute(kysely);
    return rows[0]?.id ?? "?";
  } catch (error) {
    if (isRetryable(error)) throw error;
    return "?";
  }
}
