import type { Client } from "pg";
import { findEncodingFault, findVersionFault } from "../../core/model/database-fault.ts";
import { isOlderRelease } from "../../core/lib/is-older-release.ts";
import { VERSION } from "../../core/lib/version.ts";
import { hasTable } from "./has-table.ts";
import { MigrationError } from "./migration-error.ts";
import { stepName, type NumberedStep, type SchemaFiles } from "./schema-files.ts";

/** A numbered step that ran on this database, as schema_migrations has it. */
export interface AppliedStep {
  readonly version: string;
  readonly name: string;
  readonly checksum: string;
  readonly applied_at: string;
  /** Releases before this one do not work on the schema any more; null when they do. */
  readonly breaksBefore: string | null;
}

export type AppliedSteps = ReadonlyMap<string, AppliedStep>;

const CREATE_TABLE = `
  CREATE TABLE IF NOT EXISTS schema_migrations (
    version       text PRIMARY KEY,
    name          text NOT NULL,
    checksum      text NOT NULL,
    applied_at    timestamptz NOT NULL DEFAULT now(),
    breaks_before text
  )`;
/** A database that an older release migrated has no breaks_before, and a reader may not be allowed to add it. */
const READ = `
  SELECT version, name, checksum, to_jsonb(m) ->> 'breaks_before' AS "breaksBefore",
         to_char(applied_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS applied_at
    FROM schema_migrations m
   ORDER BY version`;
const INSERT =
  "INSERT INTO schema_migrations (version, name, checksum, breaks_before) VALUES ($1, $2, $3, $4)";

/** Reads only. A database that has never been migrated has no steps. */
export async function readAppliedSteps(client: Client): Promise<AppliedSteps> {
  if (!(await hasTable(client, "schema_migrations"))) return new Map();
  const { rows } = await client.query<AppliedStep>(READ);
  return new Map(rows.map((row) => [row.version, row]));
}

/** Creates the table of the steps, or adds what an older release did not know. */
export async function ensureStepTable(client: Client): Promise<void> {
  await client.query(CREATE_TABLE);
  await client.query("ALTER TABLE schema_migrations ADD COLUMN IF NOT EXISTS breaks_before text");
}

export async function noteStep(client: Client, step: NumberedStep): Promise<void> {
  await client.query(INSERT, [step.version, step.name, step.checksum, step.breaksBefore]);
}

/** Throws where no migration may begin: on a server or in an encoding that the platform does not work with. */
export async function refuseDatabase(client: Client): Promise<void> {
  const { rows } = await client.query<{ version: string; encoding: string; database: string }>(
    `SELECT current_setting('server_version') AS version, current_setting('server_encoding') AS encoding,
            current_database() AS database`,
  );
  const [row] = rows;
  const fault = row && (findVersionFault(row) ?? findEncodingFault(row));
  if (fault)
    throw new MigrationError(
      `nothing was migrated in the database ${row.database}: ${fault.found}: ${fault.way_out}`,
    );
}

/** Throws when a step that ran on this database was edited since, or is from before the first release. */
export function refuseEdited({ steps }: SchemaFiles, applied: AppliedSteps): void {
  const known = new Map(steps.map((step) => [step.version, step]));
  const [oldest] = steps;
  for (const row of applied.values()) {
    const step = known.get(row.version);
    if (!step && oldest && row.version < oldest.version) {
      throw new MigrationError(
        `this database has the schema of a version before the first release (${stepName(row)}), which cannot be ` +
          "migrated: remove the folder .data/ for `npm start`, or create an empty database, and start again",
      );
    }
    if (step && step.checksum !== row.checksum) {
      throw new MigrationError(
        `migration ${stepName(row)} was edited after it ran: restore the file and put the change into a new migration`,
      );
    }
  }
}

/**
 * The steps of newer releases that ran on this database. Throws when one of them says that this release does
 * not work on it.
 */
export function newerSteps({ steps }: SchemaFiles, applied: AppliedSteps, release = VERSION): AppliedStep[] {
  const known = new Set(steps.map(({ version }) => version));
  const newer = [...applied.values()].filter(({ version }) => !known.has(version));
  for (const { breaksBefore, ...step } of newer) {
    if (breaksBefore !== null && isOlderRelease(release, breaksBefore))
      throw new MigrationError(
        `this is release ${release}, and migration ${stepName(step)} of a newer one ran on this database: it ` +
          `breaks releases before ${breaksBefore}. Start ${breaksBefore} or newer, or go back as docs/upgrading.md says`,
      );
  }
  return newer;
}
