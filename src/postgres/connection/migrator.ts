import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { Client } from "pg";
import type { MigrationStatus } from "../../core/model/migration.ts";
import { connectionConfig } from "./pool.ts";

/** A folder `<version>_<name>` with `up.sql` and `down.sql`: Diesel's own layout. */
interface Migration {
  readonly version: string;
  readonly name: string;
  readonly up: string;
  readonly down: string;
  readonly checksum: string;
}

export class MigrationError extends Error {
  override readonly name = "MigrationError";
}

const FOLDER = fileURLToPath(new URL("../../../migrations", import.meta.url));
/** Any constant serves, as long as every version of the platform uses the same. */
const LOCK_KEY = 4_957_413;

/** As its folder is called. */
function nameOf({ version, name }: { version: string; name: string }): string {
  return `${version}_${name}`;
}

/** Runs what has not run, one transaction a migration. Answers the names of those that ran now. Two that start together are safe: one waits. */
export async function migrateUp(databaseUrl: string, folder = FOLDER): Promise<string[]> {
  return await withMigrations(databaseUrl, folder, async (client, migrations, applied) => {
    const ran: string[] = [];
    for (const migration of migrations.filter(({ version }) => !applied.has(version))) {
      await inTransaction(client, migration, async () => {
        await client.query(migration.up);
        await client.query("INSERT INTO schema_migrations (version, name, checksum) VALUES ($1, $2, $3)", [
          migration.version,
          migration.name,
          migration.checksum,
        ]);
      });
      ran.push(nameOf(migration));
    }
    return ran;
  });
}

/** Takes back the newest `steps` migrations, newest first. Answers their names. Their data goes with them. */
export async function migrateDown(databaseUrl: string, steps: number, folder = FOLDER): Promise<string[]> {
  return await withMigrations(databaseUrl, folder, async (client, migrations, applied) => {
    const newest = migrations
      .filter(({ version }) => applied.has(version))
      .toReversed()
      .slice(0, steps);
    for (const migration of newest) {
      await inTransaction(client, migration, async () => {
        await client.query(migration.down);
        await client.query("DELETE FROM schema_migrations WHERE version = $1", [migration.version]);
      });
    }
    return newest.map(nameOf);
  });
}

/** Every migration, oldest first, with when it ran. */
export async function migrationStatus(databaseUrl: string, folder = FOLDER): Promise<MigrationStatus[]> {
  return await withMigrations(databaseUrl, folder, (_client, migrations, applied) =>
    Promise.resolve(
      migrations.map(({ version, name }) => ({
        version,
        name,
        applied_at: applied.get(version)?.applied_at ?? null,
      })),
    ),
  );
}

interface AppliedMigration {
  readonly version: string;
  readonly name: string;
  readonly checksum: string;
  readonly applied_at: string;
}

type Work<T> = (
  client: Client,
  migrations: readonly Migration[],
  applied: ReadonlyMap<string, AppliedMigration>,
) => Promise<T>;

async function withMigrations<T>(databaseUrl: string, folder: string, work: Work<T>): Promise<T> {
  const migrations = await readMigrations(folder);
  const client = new Client(connectionConfig(databaseUrl, "iep migrate"));
  // A connection that dies fails the query that needs it; without a listener it would end the process.
  client.on("error", () => undefined);
  await client.connect();
  try {
    // Whoever comes second waits here as long as the first one's migrations take.
    await client.query("SET statement_timeout = 0; SET lock_timeout = 0");
    await client.query("SELECT pg_advisory_lock($1)", [LOCK_KEY]);
    await client.query(
      "CREATE TABLE IF NOT EXISTS schema_migrations (version text PRIMARY KEY, name text NOT NULL, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())",
    );
    const { rows } = await client.query<AppliedMigration>(
      "SELECT version, name, checksum, applied_at FROM schema_migrations",
    );
    const applied = new Map(rows.map((row) => [row.version, row]));
    refuseStrangers(migrations, applied);
    return await work(client, migrations, applied);
  } finally {
    await client.end();
  }
}

/** What ran must still be what is here: an edited or removed migration means that this is not the database we think it is. */
function refuseStrangers(
  migrations: readonly Migration[],
  applied: ReadonlyMap<string, AppliedMigration>,
): void {
  const known = new Map(migrations.map((migration) => [migration.version, migration]));
  for (const row of applied.values()) {
    const migration = known.get(row.version);
    if (!migration) {
      throw new MigrationError(
        `migration ${nameOf(row)} ran on this database but is not in ${FOLDER}: a newer version of the platform was here`,
      );
    }
    if (migration.checksum !== row.checksum) {
      throw new MigrationError(
        `migration ${nameOf(row)} was edited after it ran: restore the file and put the change into a new migration`,
      );
    }
  }
}

async function inTransaction(client: Client, migration: Migration, work: () => Promise<void>): Promise<void> {
  await client.query("BEGIN");
  try {
    await work();
    await client.query("COMMIT");
  } catch (error) {
    await client.query("ROLLBACK");
    throw new MigrationError(
      `migration ${nameOf(migration)} failed and was rolled back: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
}

async function readMigrations(folder: string): Promise<Migration[]> {
  const names = (await readdir(folder)).filter((name) => /^[\d-]+_\w+$/.test(name)).toSorted();
  return await Promise.all(
    names.map(async (folderName) => {
      const [up, down] = await Promise.all(
        ["up.sql", "down.sql"].map((file) => readFile(`${folder}/${folderName}/${file}`, "utf8")),
      );
      if (up === undefined || down === undefined)
        throw new MigrationError(`${folderName} needs up.sql and down.sql`);
      const [version = "", ...rest] = folderName.split("_");
      return {
        version,
        name: rest.join("_"),
        up,
        down,
        checksum: createHash("sha256").update(up).digest("hex"),
      };
    }),
  );
}
