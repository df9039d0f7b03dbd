import { cp, mkdir, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { Client } from "pg";
import { expect, inject, test } from "vitest";
import { atTheEnd } from "../../../test/support/cleanup.ts";
import { temporaryFolder } from "../../../test/support/temporary-folder.ts";
import { migrateDown, migrateUp, migrationStatus } from "./migrator.ts";

const MIGRATIONS = fileURLToPath(new URL("../../../migrations", import.meta.url));

test("up, down, up again gives the same schema, and down leaves nothing", async () => {
  const { url, client } = await emptyDatabase();
  const nothing = await readSchema(client);
  const versions = await migrateUp(url);
  const schema = await readSchema(client);
  expect(schema.length).toBeGreaterThan(50);

  expect(await migrateDown(url, versions.length)).toEqual(versions.toReversed());
  expect(await readSchema(client)).toEqual(nothing);

  await migrateUp(url);
  expect(await readSchema(client)).toEqual(schema);
});

test("every single step down and up again gives the same schema", async () => {
  const { url, client } = await emptyDatabase();
  const versions = await migrateUp(url);
  const schema = await readSchema(client);
  for (const [index] of versions.entries()) {
    await migrateDown(url, index + 1);
    await migrateUp(url);
    expect(await readSchema(client)).toEqual(schema);
  }
});

test("two processes that migrate at once run each migration once", async () => {
  const { url } = await emptyDatabase();
  const ran = await Promise.all([migrateUp(url), migrateUp(url), migrateUp(url)]);
  const all = (await migrationStatus(url)).map(({ version, name }) => `${version}_${name}`);
  expect(ran.flat().toSorted()).toEqual(all);
});

test("status tells what ran and what has not", async () => {
  const { url } = await emptyDatabase();
  expect((await migrationStatus(url)).every(({ applied_at }) => applied_at === null)).toBe(true);
  await migrateUp(url);
  await migrateDown(url, 1);
  expect((await migrationStatus(url)).map(({ applied_at }) => applied_at !== null).lastIndexOf(true)).toBe(
    (await migrationStatus(url)).length - 2,
  );
});

test("a migration edited after it ran is refused by name, and nothing runs", async () => {
  const { url, client } = await emptyDatabase();
  const folder = await copyOfMigrations();
  const [first] = await migrateUp(url, folder);
  await writeFile(`${folder}/${first}/up.sql`, "SELECT 1;");
  await addMigration(folder, "2999-01-01-000001_later", "CREATE TABLE later ();", "DROP TABLE later;");
  await expect(migrateUp(url, folder)).rejects.toThrow(`${first} was edited after it ran`);
  const { rows } = await client.query("SELECT to_regclass('later') AS later");
  expect(rows).toEqual([{ later: null }]);
});

test("a migration that fails is rolled back whole and named", async () => {
  const { url, client } = await emptyDatabase();
  const folder = await copyOfMigrations();
  await addMigration(folder, "2999-01-01-000001_broken", "CREATE TABLE half (); SELECT 1 / 0;", "SELECT 1;");
  await expect(migrateUp(url, folder)).rejects.toThrow(
    /2999-01-01-000001_broken failed and was rolled back: division by zero/,
  );
  const { rows } = await client.query(
    "SELECT to_regclass('half') AS half, to_regclass('jobs') IS NOT NULL AS jobs",
  );
  expect(rows).toEqual([{ half: null, jobs: true }]);
});

test("a database that a newer version has migrated is refused", async () => {
  const { url } = await emptyDatabase();
  const folder = await copyOfMigrations();
  await addMigration(folder, "2999-01-01-000001_newer", "SELECT 1;", "SELECT 1;");
  await migrateUp(url, folder);
  await expect(migrateUp(url)).rejects.toThrow(/2999-01-01-000001_newer ran on this database but is not in/);
});

async function emptyDatabase(): Promise<{ url: string; client: Client }> {
  const name = `iep_migrate_${Math.random().toString(36).slice(2)}`;
  const superuser = new Client(inject("postgresUrl"));
  await superuser.connect();
  await superuser.query(`CREATE DATABASE ${name}`);
  const url = new URL(inject("postgresUrl"));
  url.pathname = name;
  const client = new Client(url.href);
  await client.connect();
  atTheEnd(async () => {
    await client.end();
    await superuser.query(`DROP DATABASE ${name} WITH (FORCE)`);
    await superuser.end();
  });
  return { url: url.href, client };
}

async function copyOfMigrations(): Promise<string> {
  const folder = await temporaryFolder();
  await cp(MIGRATIONS, folder, { recursive: true });
  return folder;
}

async function addMigration(folder: string, name: string, up: string, down: string): Promise<void> {
  await mkdir(`${folder}/${name}`);
  await writeFile(`${folder}/${name}/up.sql`, up);
  await writeFile(`${folder}/${name}/down.sql`, down);
}

/** Everything that makes a schema, one line a thing. */
async function readSchema(client: Client): Promise<string[]> {
  const { rows } = await client.query<{ line: string }>(`
    WITH ours AS (SELECT oid FROM pg_namespace WHERE nspname = 'public')
    SELECT 'column ' || c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || ' ' || a.attnotnull || ' ' || coalesce(pg_get_expr(d.adbin, d.adrelid), '') AS line
      FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
     WHERE c.relnamespace IN (SELECT oid FROM ours) AND c.relkind = 'r' AND a.attnum > 0 AND c.relname <> 'schema_migrations'
    UNION ALL SELECT 'table ' || relname || ' ' || coalesce(reloptions::text, '') FROM pg_class WHERE relnamespace IN (SELECT oid FROM ours) AND relkind = 'r' AND relname <> 'schema_migrations'
    UNION ALL SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'schema_migrations'
    UNION ALL SELECT 'constraint ' || conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace IN (SELECT oid FROM ours) AND conrelid <> coalesce(to_regclass('schema_migrations'), 0::regclass)
    UNION ALL SELECT 'trigger ' || pg_get_triggerdef(t.oid) FROM pg_trigger t WHERE NOT tgisinternal
    UNION ALL SELECT 'function ' || pg_get_functiondef(p.oid) FROM pg_proc p WHERE pronamespace IN (SELECT oid FROM ours)
    UNION ALL SELECT 'view ' || viewname || ' ' || definition FROM pg_views WHERE schemaname = 'public'
    UNION ALL SELECT 'enum ' || t.typname || ' ' || e.enumlabel || ' ' || e.enumsortorder FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid
    ORDER BY 1`);
  return rows.map(({ line }) => line);
}
