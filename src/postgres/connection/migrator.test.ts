import { cp, readFile, writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { addMigration, copyOfMigrations, emptyDatabase, readSchema } from "../../../test/support/schema.ts";
import { temporaryFolder } from "../../../test/support/temporary-folder.ts";
import { migrateDown, migrateUp, migrationStatus } from "./migrator.ts";
import { MIGRATIONS_FOLDER } from "./schema-files.ts";

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

test("every single step down gives the tables from before it", async () => {
  const { url, client } = await emptyDatabase();
  // Functions, views and triggers are those of the release, whichever steps have run.
  const tables = async (): Promise<string[]> => {
    const things = (await readSchema(client)).join("\n").split(/^-- (?=enum|row type|table|view|function)/m);
    return things
      .filter((thing) => !/^(view|function) /.test(thing))
      .map((thing) => thing.replaceAll(/^CREATE TRIGGER .*\n/gm, "").trim());
  };
  const folder = await temporaryFolder();
  const before: { step: string; schema: string[] }[] = [];
  for (const { version, name } of await migrationStatus(url)) {
    const step = `${version}_${name}`;
    before.push({ step, schema: await tables() });
    await cp(`${MIGRATIONS_FOLDER}/${step}`, `${folder}/${step}`, { recursive: true });
    expect(await migrateUp(url, folder)).toEqual({ migrations: [step], functions: [] });
  }
  await migrateUp(url);
  for (const { step, schema } of before.toReversed()) {
    expect(await migrateDown(url, 1)).toEqual([step]);
    expect(await tables()).toEqual(schema);
  }
});

test("indexes that were built before the steps, as the notes say, are those of the steps", async () => {
  const notes = await readFile("docs/upgrading.md", "utf8");
  const section = notes.slice(notes.indexOf("## Before `migrate up`"));
  const statements = section.match(/CREATE INDEX CONCURRENTLY[^;]+;/g) ?? [];
  expect(statements).toHaveLength(4);
  const { url, client } = await emptyDatabase();
  const { migrations: versions } = await migrateUp(url);
  const schema = await readSchema(client);
  await migrateDown(url, versions.length - versions.findIndex((version) => version.endsWith("_figures")));
  for (const statement of statements) await client.query(statement);
  await migrateUp(url);
  expect(await readSchema(client)).toEqual(schema);
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
