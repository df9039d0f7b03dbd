import { Client } from "pg";
import { startEmbeddedPostgres, type PostgresServer } from "./embedded-postgres.ts";

const DATABASE = "iep";
/** Said, so that no PGOPTIONS and no PGSSLNEGOTIATION of the shell is taken instead. */
const UNMOVED = { options: "-c TimeZone=UTC", sslnegotiation: "postgres" } as const;

/**
 * The embedded PostgreSQL with the platform's own database on it, created when it is missing. `url` leads to
 * that database.
 */
export async function startLocalPostgres(dataDir: string): Promise<PostgresServer> {
  const server = await startEmbeddedPostgres({ dataDir });
  const client = new Client({ connectionString: server.url, ...UNMOVED });
  await client.connect();
  try {
    const { rowCount } = await client.query("SELECT FROM pg_database WHERE datname = $1", [DATABASE]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE}`);
  } finally {
    await client.end();
  }
  const url = new URL(server.url);
  url.pathname = `/${DATABASE}`;
  return { ...server, url: url.href };
}
