import { Client } from "pg";
import type { MigrationStatus, SchemaChanges } from "../../core/model/migration.ts";
import { MigrationError } from "./migration-error.ts";
import { connectionConfig } from "./pool.ts";
import {
  MIGRATIONS_FOLDER,
  readSchemaFiles,
  stepName,
  type NumberedStep,
  type SchemaFiles,
} from "./schema-files.ts";
import { applyFunctions, forgetFunctions, outdatedFunctions } from "./schema-functions.ts";

/** Any constant serves, as long as every version of the platform uses the same. */
const LOCK_KEY = 4_957_413;

const CREATE_TABLE = `
  CREATE TABLE IF NOT EXISTS schema_migrations (
    version    text PRIMARY KEY,
    name       text NOT NULL,
    checksum   text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
  )`;

/**
 * Runs the numbered steps that have not run, each in a transaction of its own. Then applies every function
 * and view that differs, in one transaction. Two that start together are safe: one waits for the other.
 */
export async function migrateUp(databaseUrl: string, folder = MIGRATIONS_FOLDER): Promise<SchemaChanges> {
  return await withSchema(databaseUrl, folder, async (client, files, applied) => {
    const migrations: string[] = [];
    for (const step of files.steps.filter(({ version }) => !applied.has(version))) {
      await inTransaction(client, step, async () => {
        await client.query(step.up);
        await client.query("INSERT INTO schema_migrations (version, name, checksum) VALUES ($1, $2, $3)", [
          step.version,
          step.name,
          step.checksum,
        ]);
        await forgetFunctions(client, false);
      });
      migrations.push(stepName(step));
    }
    return { migrations, functions: await applyFunctions(client, files.functions) };
  });
}

/**
 * Takes back the newest `steps` numbered steps, newest first, and their data with them. Returns their names.
 * The next `migrateUp` creates the functions again that went with the tables. Once no step is left, all
 * functions are dropped too.
 */
export async function migrateDown(
  databaseUrl: string,
  steps: number,
  folder = MIGRATIONS_FOLDER,
): Promise<string[]> {
  return await withSchema(databaseUrl, folder, async (client, files, applied) => {
    const ran = files.steps.filter(({ version }) => applied.has(version)).toReversed();
    const newest = ran.slice(0, steps);
    for (const [n, step] of newest.entries()) {
      await inTransaction(client, step, async () => {
        await forgetFunctions(client, n === ran.length - 1);
        await client.query(step.down);
        await client.query("DELETE FROM schema_migrations WHERE version = $1", [step.version]);
      });
    }
    return newest.map(stepName);
  });
}

/** Every numbered step, oldest first, with when it ran. */
export async function migrationStatus(
  databaseUrl: string,
  folder = MIGRATIONS_FOLDER,
): Promise<MigrationStatus[]> {
  return await withSchema(databaseUrl, folder, (_client, files, applied) =>
    Promise.resolve(
      files.steps.map(({ version, name }) => ({
        version,
        name,
        applied_at: applied.get(version)?.applied_at ?? null,
      })),
    ),
  );
}

/** What `migrateUp` would do. */
export async function pendingChanges(
  databaseUrl: string,
  folder = MIGRATIONS_FOLDER,
): Promise<SchemaChanges> {
  return await withSchema(databaseUrl, folder, async (client, files, applied) => ({
    migrations: files.steps.filter(({ version }) => !applied.has(version)).map(stepName),
    functions: (await outdatedFunctions(client, files.functions)).map(({ name }) => name),
  }));
}

interface AppliedStep {
  readonly version: string;
  readonly name: string;
  readonly checksum: string;
  readonly applied_at: string;
}

type AppliedSteps = ReadonlyMap<string, AppliedStep>;

async function withSchema<T>(
  databaseUrl: string,
  folder: string,
  work: (client: Client, files: SchemaFiles, applied: AppliedSteps) => Promise<T>,
): Promise<T> {
  const files = await readSchemaFiles(folder);
  const client = new Client(connectionConfig(databaseUrl, "iep migrate"));
  // A connection that dies fails the query that needs it; without a listener it would end the process.
  client.on("error", () => undefined);
  await client.connect();
  try {
    // A second process waits here for as long as the migrations of the first one take.
    await client.query("SET statement_timeout = 0; SET lock_timeout = 0");
    await client.query("SELECT pg_advisory_lock($1)", [LOCK_KEY]);
    await client.query(CREATE_TABLE);
    const { rows } = await client.query<AppliedStep>(
      "SELECT version, name, checksum, applied_at FROM schema_migrations ORDER BY version",
    );
    refuseStrangers(files, rows);
    return await work(client, files, new Map(rows.map((row) => [row.version, row])));
  } finally {
    await client.end();
  }
}

/** Throws when a step that ran on this database is not in the folder, or was edited since. */
function refuseStrangers({ folder, steps }: SchemaFiles, applied: readonly AppliedStep[]): void {
  const known = new Map(steps.map((step) => [step.version, step]));
  const [oldest] = steps;
  for (const row of applied) {
    const step = known.get(row.version);
    if (!step && oldest && row.version < oldest.version) {
      throw new MigrationError(
        `this database has the schema of a version before the first release (${stepName(row)}), which cannot be ` +
          "migrated: remove the folder .data/ for `npm start`, or create an empty database, and start again",
      );
    }
    if (!step) {
      throw new MigrationError(
        `migration ${stepName(row)} ran on this database but is not in ${folder}: a newer version of the platform was here`,
      );
    }
    if (step.checksum !== row.checksum) {
      throw new MigrationError(
        `migration ${stepName(row)} was edited after it ran: restore the file and put the change into a new migration`,
      );
    }
  }
}

async function inTransaction(client: Client, step: NumberedStep, work: () => Promise<void>): Promise<void> {
  await client.query("BEGIN");
  try {
    await work();
    await client.query("COMMIT");
  } catch (error) {
    await client.query("ROLLBACK");
    const reason = error instanceof Error ? error.message : String(error);
    throw new MigrationError(`migration ${stepName(step)} failed and was rolled back: ${reason}`, {
      cause: error,
    });
  }
}
