import type { Client } from "pg";
import { MigrationError } from "./migration-error.ts";
import type { SchemaFunction } from "./schema-files.ts";

// The second phase of `migrate up`: functions and views are not numbered. Each has one file, and a database
// remembers the checksum of what it was last given. So an older checkout puts its own bodies back by the same
// comparison.

const CREATE_TABLE = `
  CREATE TABLE IF NOT EXISTS schema_functions (
    name       text PRIMARY KEY,
    checksum   text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
  )`;
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

/** Returns those of `functions` that this database lacks or has in another form, in the same order. */
export async function outdatedFunctions(
  client: Client,
  functions: readonly SchemaFunction[],
): Promise<SchemaFunction[]> {
  if (!(await hasTable(client))) return [...functions];
  const { rows } = await client.query<{ name: string; checksum: string }>(
    `SELECT name, checksum FROM schema_functions WHERE name IN (${EXISTING})`,
  );
  const applied = new Map(rows.map(({ name, checksum }) => [name, checksum]));
  return functions.filter(({ name, checksum }) => applied.get(name) !== checksum);
}

/** Applies what differs, all of it or, when one fails, none. Returns the names. */
export async function applyFunctions(
  client: Client,
  functions: readonly SchemaFunction[],
): Promise<string[]> {
  const outdated = await outdatedFunctions(client, functions);
  if (outdated.length === 0) return [];
  await client.query("BEGIN");
  try {
    await client.query(CREATE_TABLE);
    for (const one of outdated) await applyFunction(client, one);
    await client.query("COMMIT");
  } catch (error) {
    await client.query("ROLLBACK");
    throw error;
  }
  return outdated.map(({ name }) => name);
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
  await client.query(
    `INSERT INTO schema_functions (name, checksum) VALUES ($1, $2)
     ON CONFLICT (name) DO UPDATE SET checksum = excluded.checksum, applied_at = now()`,
    [name, checksum],
  );
}

/**
 * Forgets what was applied, so that all of it is created again: a numbered step, up or down, that drops a
 * table takes its triggers, its views and the functions of its type with it. With `drop`, drops all functions
 * as well.
 */
export async function forgetFunctions(client: Client, drop: boolean): Promise<void> {
  if (!(await hasTable(client))) return;
  if (drop) {
    const { rows: names } = await client.query<{ name: string }>("SELECT name FROM schema_functions");
    for (const { name } of names) {
      for (const signature of await signaturesOf(client, name))
        await client.query(`DROP FUNCTION IF EXISTS ${signature} CASCADE`);
    }
  }
  await client.query(drop ? "DELETE FROM schema_functions" : "UPDATE schema_functions SET checksum = ''");
}

/** Whether this database has the table of checksums: it comes with the first functions. */
async function hasTable(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ known: boolean }>(
    "SELECT to_regclass('schema_functions') IS NOT NULL AS known",
  );
  return rows[0]?.known === true;
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
