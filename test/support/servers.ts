import { join } from "node:path";
import { Client } from "pg";
import { type PostgresServer, startEmbeddedPostgres } from "../../src/local/embedded-postgres.ts";
import { migrateUp } from "../../src/postgres/connection/migrator.ts";
import { startRedisServer } from "./redis-server.ts";
import { createTempFolder, fastestParent, removeFolder, sweepTempFolders } from "./temp-folder.ts";

/** A database with all migrations that `createTestDatabase` clones. */
export const TEMPLATE_DATABASE = "iep_template";

/**
 * Where initdb and postgres are, to run the suite on another version:
 * TEST_POSTGRES_BIN_DIR=/usr/lib/postgresql/15/bin npm test.
 */
export const postgresBinDir = process.env["TEST_POSTGRES_BIN_DIR"];

interface TestServers {
  readonly postgresUrl: string;
  readonly redisUrl: string;
  stop(): Promise<void>;
}

/** Everything lies in a folder of this run and on free ports, so that two runs on one machine do not meet. */
export async function startTestServers(): Promise<TestServers> {
  await sweepTempFolders();
  const folder = await createTempFolder(await fastestParent());
  const stops: (() => Promise<void>)[] = [() => removeFolder(folder)];
  const stop = async (): Promise<void> => {
    for (const step of stops.toReversed()) await step();
  };
  try {
    const redis = await startRedisServer({ folder });
    stops.push(() => redis.stop());
    const postgres = await startEmbeddedPostgres({
      dataDir: join(folder, "postgres"),
      binDir: postgresBinDir,
      // A killed server keeps what the operating system has; only a power cut would lose it, and no test cuts
      // the power. Commits stay synchronous, so that the code under test sees the order of things that it
      // sees in production.
      settings: { fsync: "off", max_connections: "200" },
    });
    stops.push(() => postgres.stop("immediate"));
    await createTemplate(postgres);
    return { postgresUrl: postgres.url, redisUrl: redis.url, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function createTemplate(postgres: PostgresServer): Promise<void> {
  const client = new Client({ connectionString: postgres.url });
  await client.connect();
  try {
    await client.query(`CREATE DATABASE ${TEMPLATE_DATABASE}`);
    const url = new URL(postgres.url);
    url.pathname = TEMPLATE_DATABASE;
    await migrateUp(url.href);
    // A clone fails while anybody is connected to its template: from here on nobody can be.
    await client.query(`ALTER DATABASE ${TEMPLATE_DATABASE} IS_TEMPLATE true ALLOW_CONNECTIONS false`);
  } finally {
    await client.end();
  }
}
