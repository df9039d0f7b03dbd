import type { Client } from "pg";
import { isOlderRelease } from "../../core/lib/is-older-release.ts";
import { VERSION } from "../../core/lib/version.ts";
import { hasTable } from "./has-table.ts";
import { MigrationError } from "./migration-error.ts";
import type { SchemaFunction } from "./schema-files.ts";

// The second phase of `migrate up`: functions and views are not numbered. Each has one file, and a database
// remembers the checksum of what it was last given. So an older checkout puts its own bodies back by the same
// comparison.

const CREATE_TABLE = `
  CREATE TABLE IF NOT EXISTS schema_functions (
    name       text PRIMARY KEY,
    checksum   text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now(),
    release    text,
    superseded text[] NOT NULL DEFAULT '{}'
  )`;
/** For a database that a release migrated which did not keep what it replaced. */
const ADD_COLUMNS = `
  ALTER TABLE schema_functions
    ADD COLUMN IF NOT EXISTS release text,
    ADD COLUMN IF NOT EXISTS superseded text[] NOT NULL DEFAULT '{}'`;
/**
 * What was in place before goes on top of `superseded`, oldest first. Going back takes off what is newer than
 * that: a checksum that stands there was replaced by something newer.
 */
const NOTE = `
  INSERT INTO schema_functions AS f (name, checksum, release) VALUES ($1, $2, $3)
  ON CONFLICT (name) DO UPDATE
     SET checksum = excluded.checksum,
         release = excluded.release,
         applied_at = now(),
         superseded = CASE
           WHEN excluded.checksum = ANY (f.superseded)
           THEN f.superseded[:array_position(f.superseded, excluded.checksum) - 1]
           ELSE array_remove(array_append(f.superseded, nullif(f.checksum, '')), NULL)
         END`;
const FORGET = `
  UPDATE schema_functions
     SET checksum = '', superseded = array_remove(array_append(superseded, nullif(checksum, '')), NULL)`;
/** What is there now, whoever created or dropped it. */
const EXISTING = `
  SELECT proname AS name FROM pg_proc WHERE pronamespace = current_schema()::regnamespace
   UNION
  SELECT viewname FROM pg_views WHERE schemaname = current_schema()`;
/** The signatures of every function of a name, whatever its arguments are. */
const SIGNATURES = `
  SELECT p.oid::regprocedure::text AS signature
    FROM pg_proc p
   WHERE p.pronamespace = current_schema()::regnamespace AND p.proname = $1
   ORDER BY 1`;
/**
 * `CREATE OR REPLACE` was asked to change what a function returns, what its arguments are called, or a view's
 * columns.
 */
const SIGNATURE_SQLSTATES: readonly unknown[] = ["42P13", "42P16"];

/** How the functions of this release differ from those of a database. */
interface FunctionChanges {
  /** Those that the database lacks, or has in an older form. */
  readonly outdated: readonly { readonly name: string; readonly isThere: boolean }[];
  /** Those that a newer release replaced, by name. */
  readonly newer: string[];
}

interface AppliedFunction {
  readonly name: string;
  readonly checksum: string;
  readonly release: string | null;
  readonly superseded: readonly string[];
}

/** Reads only. `outdated` has the order of `functions`. */
export async function compareFunctions(
  client: Client,
  functions: readonly SchemaFunction[],
): Promise<FunctionChanges> {
  const applied = await readApplied(client);
  const differs = functions.filter(({ name, checksum }) => applied.get(name)?.checksum !== checksum);
  const isNewer = ({ name, checksum }: SchemaFunction): boolean => isSuperseded(checksum, applied.get(name));
  return {
    outdated: differs
      .filter((one) => !isNewer(one))
      .map(({ name }) => ({ name, isThere: applied.has(name) })),
    newer: differs.filter(isNewer).map(({ name }) => name),
  };
}

/**
 * Whether what the database has came after the text with this checksum. Releases tell it apart, and within
 * one release what was in place before. After a step all texts are forgotten until they are applied again.
 */
function isSuperseded(checksum: string, applied: AppliedFunction | undefined): boolean {
  if (!applied || applied.checksum === "") return false;
  const { release, superseded } = applied;
  if (release !== null && release !== VERSION) return isOlderRelease(VERSION, release);
  return superseded.includes(checksum);
}

async function readApplied(client: Client): Promise<Map<string, AppliedFunction>> {
  if (!(await hasTable(client, "schema_functions"))) return new Map();
  const { rows } = await client.query<AppliedFunction>(
    `SELECT name, checksum, to_jsonb(f) ->> 'release' AS release,
            coalesce(to_jsonb(f) -> 'superseded', '[]') AS superseded
       FROM schema_functions f
      WHERE name IN (${EXISTING})`,
  );
  return new Map(rows.map((row) => [row.name, row]));
}

/**
 * Applies what differs, in the transaction of the caller, also over what is newer: who asks for it goes back.
 * Returns the names.
 */
export async function applyFunctions(
  client: Client,
  functions: readonly SchemaFunction[],
): Promise<string[]> {
  const applied = await readApplied(client);
  const differs = functions.filter(({ name, checksum }) => applied.get(name)?.checksum !== checksum);
  if (differs.length === 0) return [];
  await client.query(CREATE_TABLE);
  await client.query(ADD_COLUMNS);
  for (const one of differs) await applyFunction(client, one);
  return differs.map(({ name }) => name);
}

async function applyFunction(client: Client, { name, sql, checksum }: SchemaFunction): Promise<void> {
  const before = await signaturesOf(client, name);
  await client.query(sql).catch((error: unknown) => {
    throw isSignatureChange(error) ? signatureChanged(name, error) : failed(name, error);
  });
  const after = await signaturesOf(client, name);
  if (before.length > 0 && after.length > before.length) throw signatureChanged(name, undefined);
  const { rowCount } = await client.query(`SELECT WHERE $1 IN (${EXISTING})`, [name]);
  if (rowCount === 0) throw new MigrationError(`${name}.sql does not create ${name}`);
  await client.query(NOTE, [name, checksum, VERSION]);
}

/**
 * Forgets what was applied, so that all of it is created again: a numbered step, up or down, that drops a
 * table takes its triggers, its views and the functions of its type with it. With `drop`, drops all functions
 * as well.
 */
export async function forgetFunctions(client: Client, drop: boolean): Promise<void> {
  if (!(await hasTable(client, "schema_functions"))) return;
  if (drop) {
    const { rows: names } = await client.query<{ name: string }>("SELECT name FROM schema_functions");
    for (const { name } of names) {
      for (const signature of await signaturesOf(client, name))
        await client.query(`DROP FUNCTION IF EXISTS ${signature} CASCADE`);
    }
  }
  if (!drop) await client.query(ADD_COLUMNS);
  await client.query(drop ? "DELETE FROM schema_functions" : FORGET);
}

async function signaturesOf(client: Client, name: string): Promise<string[]> {
  const { rows } = await client.query<{ signature: string }>(SIGNATURES, [name]);
  return rows.map(({ signature }) => signature);
}

function isSignatureChange(error: unknown): boolean {
  return error instanceof Error && "code" in error && SIGNATURE_SQLSTATES.includes(error.code);
}

function signatureChanged(name: string, cause: unknown): MigrationError {
  return new MigrationError(
    `${name}.sql changes the signature of ${name}, which processes of the version before still call: ` +
      `keep the file as it was and give the changed function a new name`,
    { cause },
  );
}

function failed(name: string, cause: unknown): MigrationError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new MigrationError(`${name}.sql failed and nothing was applied: ${reason}`, { cause });
}
