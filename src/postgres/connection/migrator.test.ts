import { appendFile, cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { Client } from "pg";
import { expect, inject, test } from "vitest";
import { atTheEnd } from "../../../test/support/cleanup.ts";
import { temporaryFolder } from "../../../test/support/temporary-folder.ts";
import { migrateDown, migrateUp, migrationStatus, pendingChanges } from "./migrator.ts";
import { MIGRATIONS_FOLDER } from "./schema-files.ts";
import { readSchemaText } from "../../../scripts/schema-text.ts";

test("up, down, up again gives the same schema, and down leaves nothing", async () => {
  const { url, client } = await emptyDatabase();
  const nothing = await readSchema(client);
  const { migrations: versions } = await migrateUp(url);
  const schema = await readSchema(client);
  expect(schema.length).toBeGreaterThan(50);

  expect(await migrateDown(url, versions.length)).toEqual(versions.toReversed());
  expect(await readSchema(client)).toEqual(nothing);

  await migrateUp(url);
  expect(await readSchema(client)).toEqual(schema);
});

test("every single step down and up again gives the same schema", async () => {
  const { url, client } = await emptyDatabase();
  const { migrations: versions } = await migrateUp(url);
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
  expect(ran.flatMap(({ migrations }) => migrations).toSorted()).toEqual(all);
  expect(ran.filter(({ functions }) => functions.length > 0)).toHaveLength(1);
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
  const {
    migrations: [first],
  } = await migrateUp(url, folder);
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

test("comments and line breaks of a migration that ran may be mended", async () => {
  const { url } = await emptyDatabase();
  const folder = await copyOfMigrations();
  const [first = ""] = (await migrateUp(url, folder)).migrations;
  const up = await readFile(`${folder}/${first}/up.sql`, "utf8");
  await writeFile(
    `${folder}/${first}/up.sql`,
    `-- Said better.\n\n${up.replaceAll("  ", " ")}/* and here */`,
  );
  expect(await migrateUp(url, folder)).toEqual({ migrations: [], functions: [] });
});

test("a string that a migration writes is no comment, and may not be mended", async () => {
  const { url } = await emptyDatabase();
  const folder = await copyOfMigrations();
  const name = "2999-01-01-000001_text";
  await addMigration(folder, name, "COMMENT ON TABLE jobs IS 'work --  to do';", "SELECT 1;");
  await migrateUp(url, folder);
  await writeFile(`${folder}/${name}/up.sql`, "COMMENT ON TABLE jobs IS 'work -- to do';");
  await expect(migrateUp(url, folder)).rejects.toThrow(`${name} was edited after it ran`);
});

test("a function whose file changed is applied, alone, and a comment is enough", async () => {
  const { url, client } = await emptyDatabase();
  const folder = await copyOfMigrations();
  await migrateUp(url, folder);
  await editFunction(folder, "money/forbid_change", (sql) => sql.replace("is forbidden", "is not allowed"));
  await appendFile(`${folder}/views/journal.sql`, "-- Said better.\n");
  expect(await pendingChanges(url, folder)).toEqual({
    migrations: [],
    functions: ["journal", "forbid_change"],
  });
  expect(await migrateUp(url, folder)).toEqual({ migrations: [], functions: ["journal", "forbid_change"] });
  await expect(client.query("DELETE FROM wallets")).rejects.toThrow("DELETE on wallets is not allowed");
  expect(await pendingChanges(url, folder)).toEqual({ migrations: [], functions: [] });
});

test("an older checkout puts its own functions back, and the newer one its own", async () => {
  const { url, client } = await emptyDatabase();
  await migrateUp(url);
  const newer = await readSchema(client);
  const folder = await copyOfMigrations();
  await editFunction(folder, "money/forbid_change", (sql) => sql.replace("is forbidden", "was forbidden"));
  expect((await migrateUp(url, folder)).functions).toEqual(["forbid_change"]);
  const older = await readSchema(client);
  expect(older).not.toEqual(newer);
  await migrateUp(url);
  expect(await readSchema(client)).toEqual(newer);
  await migrateUp(url, folder);
  expect(await readSchema(client)).toEqual(older);
});

test.each([
  [
    "other arguments",
    (sql: string) => sql.replace("balance_before(p_wallet uuid,", "balance_before(p_wallet text,"),
  ],
  ["other columns", (sql: string) => sql.replaceAll("balance_cents bigint", "balance_cents numeric")],
])("a function with %s needs a new name, and nothing is applied", async (_change, change) => {
  const { url, client } = await emptyDatabase();
  const folder = await copyOfMigrations();
  await migrateUp(url, folder);
  const before = await readSchema(client);
  await editFunction(folder, "money/balance_before", change);
  await editFunction(folder, "money/forbid_change", (sql) => sql.replace("is forbidden", "was forbidden"));
  await expect(migrateUp(url, folder)).rejects.toThrow(
    "balance_before.sql changes the signature of balance_before",
  );
  expect(await readSchema(client)).toEqual(before);
});

test("functions that others need when they are created come first", async () => {
  const { url } = await emptyDatabase();
  const folder = await copyOfMigrations();
  await mkdir(`${folder}/functions/probe`);
  await writeFile(
    `${folder}/functions/probe/a_first.sql`,
    "CREATE OR REPLACE FUNCTION a_first() RETURNS int LANGUAGE sql AS 'SELECT z_last()';",
  );
  await writeFile(
    `${folder}/functions/probe/z_last.sql`,
    "CREATE OR REPLACE FUNCTION z_last() RETURNS int LANGUAGE sql AS 'SELECT 1';",
  );
  await expect(migrateUp(url, folder)).rejects.toThrow("a_first.sql failed and nothing was applied");
  await appendFile(`${folder}/functions/order.txt`, "z_last\n");
  expect((await migrateUp(url, folder)).functions).toContain("a_first");
});

test("a function whose file is gone stays until a migration drops it", async () => {
  const { url, client } = await emptyDatabase();
  const folder = await copyOfMigrations();
  await migrateUp(url, folder);
  const before = await readSchema(client);
  await rm(`${folder}/functions/money/balance_before.sql`);
  expect(await migrateUp(url, folder)).toEqual({ migrations: [], functions: [] });
  expect(await readSchema(client)).toEqual(before);
});

test("a database from before the first release says what to do", async () => {
  const { url, client } = await emptyDatabase();
  await migrateUp(url);
  await client.query(
    "UPDATE schema_migrations SET version = '2026-11-23-000001' WHERE name = 'create_customers'",
  );
  await expect(migrateUp(url)).rejects.toThrow(
    /before the first release .*: remove the folder \.data\/ for `npm start`, or create an empty database/,
  );
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
  await cp(MIGRATIONS_FOLDER, folder, { recursive: true });
  return folder;
}

async function addMigration(folder: string, name: string, up: string, down: string): Promise<void> {
  await mkdir(`${folder}/${name}`);
  await writeFile(`${folder}/${name}/up.sql`, up);
  await writeFile(`${folder}/${name}/down.sql`, down);
}

async function editFunction(folder: string, path: string, edit: (sql: string) => string): Promise<void> {
  const file = `${folder}/functions/${path}.sql`;
  const sql = await readFile(file, "utf8");
  const edited = edit(sql);
  expect(edited).not.toBe(sql);
  await writeFile(file, edited);
}

/** Everything that makes a schema, one line a thing. */
async function readSchema(client: Client): Promise<string[]> {
  return (await readSchemaText(client)).split("\n");
}
