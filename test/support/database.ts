import { randomBytes } from "node:crypto";
import { Client } from "pg";
import { inject } from "vitest";
import { atTheEnd } from "./cleanup.ts";
import { TEMPLATE_DATABASE } from "./servers.ts";

interface TestDatabase {
  readonly url: string;
  /** Ends whoever is connected. May be called again. */
  drop(): Promise<void>;
}

/**
 * An empty database with all migrations, for this test or (from `beforeAll`) for this file; dropped at its
 * end. Many at once are fine: PostgreSQL clones a template to which nobody is connected as often as it is
 * asked.
 */
export async function createTestDatabase(): Promise<TestDatabase> {
  return await createDatabase(`TEMPLATE ${TEMPLATE_DATABASE} STRATEGY FILE_COPY`);
}

/** The same without a table. */
export async function createEmptyDatabase(): Promise<TestDatabase> {
  return await createDatabase("TEMPLATE template0");
}

async function createDatabase(from: string): Promise<TestDatabase> {
  const name = `iep_test_${randomBytes(6).toString("hex")}`;
  await runAsSuperuser(`CREATE DATABASE ${name} ${from}`);
  const drop = (): Promise<void> => runAsSuperuser(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  atTheEnd(drop);
  const url = new URL(inject("postgresUrl"));
  url.pathname = name;
  return { url: url.href, drop };
}

async function runAsSuperuser(statement: string): Promise<void> {
  const client = new Client({ connectionString: inject("postgresUrl") });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
