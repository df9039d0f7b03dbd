import { Client, type QueryResult } from "pg";

/**
 * One query as the owner of the database, past the platform: to make what takes months, or to look where no interface looks. Types arrive as `pg`
 * parses them by itself.
 */
export async function runSql<Row extends object>(
  databaseUrl: string,
  text: string,
  values?: readonly unknown[],
): Promise<QueryResult<Row>> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    return await client.query<Row>(text, values && [...values]);
  } finally {
    await client.end();
  }
}
