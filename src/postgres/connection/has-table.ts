import type { Client } from "pg";

/**
 * Read from the catalog as of now: `to_regclass` may answer from what this session knew before it waited for
 * a lock, while another session created the table.
 */
const HAS_TABLE = `
  SELECT EXISTS (
    SELECT FROM pg_tables WHERE tablename = $1 AND schemaname = ANY (current_schemas(false))
  ) AS known`;

export async function hasTable(client: Client, name: string): Promise<boolean> {
  const { rows } = await client.query<{ known: boolean }>(HAS_TABLE, [name]);
  return rows[0]?.known === true;
}
