import type { Client } from "pg";
import type { MigrationStatus, SchemaChanges, SchemaState } from "../../core/model/migration.ts";
import {
  ensureStepTable,
  newerSteps,
  noteStep,
  readAppliedSteps,
  refuseDatabase,
  refuseEdited,
  type AppliedStep,
  type AppliedSteps,
} from "./applied-steps.ts";
import { MigrationError } from "./migration-error.ts";
import { inMigration, inReadOnly, withClient, type MigrationOptions } from "./migration-session.ts";
import {
  MIGRATIONS_FOLDER,
  readSchemaFiles,
  stepName,
  type NumberedStep,
  type SchemaFiles,
} from "./schema-files.ts";
import { applyFunctions, compareFunctions, forgetFunctions } from "./schema-functions.ts";

/**
 * Runs the numbered steps that have not run, each in a transaction of its own. Then applies every function
 * and view that differs, in one transaction. Two that start together are safe: each transaction has the lock
 * of all migrations, and looks again at what is left to do.
 */
export async function migrateUp(
  databaseUrl: string,
  folder = MIGRATIONS_FOLDER,
  options: MigrationOptions = {},
): Promise<SchemaChanges> {
  const files = await readSchemaFiles(folder);
  return await withClient(databaseUrl, async (client) => {
    const migrations: string[] = [];
    const { pending, outdated } = await inReadOnly(client, async () => {
      const found = await findPending(client, files);
      if (found.length > 0) await refuseDatabase(client);
      const { outdated: lacking, newer } = await compareFunctions(client, files.functions);
      return { pending: found, outdated: lacking.length + newer.length };
    });
    for (const step of pending) {
      const what = `migration ${stepName(step)}`;
      const ran = await inMigration(client, { url: databaseUrl, what, ...options }, async () => {
        await ensureStepTable(client);
        if ((await readAppliedSteps(client)).has(step.version)) return false;
        await runStep(client, step, step.up, async () => {
          await noteStep(client, step);
          await forgetFunctions(client, false);
        });
        return true;
      });
      if (ran) migrations.push(stepName(step));
    }
    if (pending.length + outdated === 0) return { migrations, functions: [] };
    const what = "applying functions and views";
    const functions = await inMigration(
      client,
      { url: databaseUrl, what, ...options },
      async () => await applyFunctions(client, files.functions),
    );
    return { migrations, functions };
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
  options: MigrationOptions = {},
): Promise<string[]> {
  const files = await readSchemaFiles(folder);
  return await withClient(databaseUrl, async (client) => {
    const applied = await inReadOnly(client, () => readAppliedSteps(client));
    refuseEdited(files, applied);
    refuseNewer(newerSteps(files, applied));
    const ran = files.steps.filter(({ version }) => applied.has(version)).toReversed();
    const reverted: string[] = [];
    for (const [n, step] of ran.slice(0, steps).entries()) {
      const what = `taking back migration ${stepName(step)}`;
      const isBack = await inMigration(client, { url: databaseUrl, what, ...options }, async () => {
        if (!(await readAppliedSteps(client)).has(step.version)) return false;
        await forgetFunctions(client, n === ran.length - 1);
        await runStep(client, step, step.down, async () => {
          await client.query("DELETE FROM schema_migrations WHERE version = $1", [step.version]);
        });
        return true;
      });
      if (isBack) reverted.push(stepName(step));
    }
    return reverted;
  });
}

/** Every numbered step of this release, oldest first, with when it ran. Reads only. */
export async function migrationStatus(
  databaseUrl: string,
  folder = MIGRATIONS_FOLDER,
): Promise<MigrationStatus[]> {
  return await readState(databaseUrl, folder, (_client, files, applied) =>
    Promise.resolve(
      files.steps.map(({ version, name }) => ({
        version,
        name,
        applied_at: applied.get(version)?.applied_at ?? null,
      })),
    ),
  );
}

/**
 * What `migrateUp` would do, and what a newer release has done. Reads only. Throws a `MigrationError` when
 * this release does not work on what a newer one left.
 */
export async function readSchemaState(databaseUrl: string, folder = MIGRATIONS_FOLDER): Promise<SchemaState> {
  return await readState(databaseUrl, folder, async (client, files, applied) => {
    const steps = newerSteps(files, applied);
    const { outdated, newer } = await compareFunctions(client, files.functions);
    const migrations = files.steps.filter(({ version }) => !applied.has(version)).map(stepName);
    const newerMigrations = steps.map(stepName);
    if (steps.length === 0 || migrations.length > 0)
      return {
        migrations,
        functions: outdated.map(({ name }) => name),
        newerMigrations,
        newerFunctions: newer,
      };
    // After a newer step, what differs is newer too.
    const gone = outdated.filter(({ isThere }) => !isThere).map(({ name }) => name);
    if (gone.length > 0)
      throw new MigrationError(
        `a newer release of the platform dropped ${gone.join(", ")}, which this release calls: start the newer ` +
          "release, or go back as docs/upgrading.md says",
      );
    const differ = [...newer, ...outdated.map(({ name }) => name)];
    return { migrations, functions: [], newerMigrations, newerFunctions: differ };
  });
}

async function readState<T>(
  databaseUrl: string,
  folder: string,
  work: (client: Client, files: SchemaFiles, applied: AppliedSteps) => Promise<T>,
): Promise<T> {
  const files = await readSchemaFiles(folder);
  return await withClient(
    databaseUrl,
    async (client) =>
      await inReadOnly(client, async () => {
        const applied = await readAppliedSteps(client);
        refuseEdited(files, applied);
        return await work(client, files, applied);
      }),
  );
}

async function findPending(client: Client, files: SchemaFiles): Promise<NumberedStep[]> {
  const applied = await readAppliedSteps(client);
  refuseEdited(files, applied);
  refuseNewer(newerSteps(files, applied));
  return files.steps.filter(({ version }) => !applied.has(version));
}

/** An older release runs beside a newer schema, but changes nothing of it. */
function refuseNewer([first]: readonly AppliedStep[]): void {
  if (!first) return;
  throw new MigrationError(
    `migration ${stepName(first)} ran on this database but is not in this release: a newer version of the platform ` +
      "was here, and only that version may migrate. This release can run beside it as it is",
  );
}

async function runStep(
  client: Client,
  step: NumberedStep,
  sql: string,
  note: () => Promise<void>,
): Promise<void> {
  try {
    await client.query(sql);
    await note();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new MigrationError(`migration ${stepName(step)} failed and was rolled back: ${reason}`, {
      cause: error,
    });
  }
}
