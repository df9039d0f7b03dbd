import { Client, type QueryResult } from "pg";
import { atTheEnd } from "./cleanup.ts";

/**
 * A connection past the platform, for transactions of a test's own; ended with the test, or (from
 * `beforeAll`) with the file.
 */
export async function connect(databaseUrl: string): Promise<Client> {
  const client = new Client({ connectionString: databaseUrl });
  client.on("error", () => undefined); // Dropping the database ends it.
  await client.connect();
  atTheEnd(() => client.end());
  return client;
}

/**
 * One query as the owner of the database, past the platform: to make what takes months, or to look where no
 * interface looks. Types arrive as `pg` parses them by itself.
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
