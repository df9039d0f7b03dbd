import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { addMigration, copyOfMigrations, editFunction, emptyDatabase } from "../../../test/support/schema.ts";
import { runSql } from "../../../test/support/sql.ts";
import { atTheEnd } from "../../../test/support/cleanup.ts";
import { VERSION } from "../../core/lib/version.ts";
import { migrateDown, migrateUp, readSchemaState } from "./migrator.ts";

const NEWER = "2999-01-01-000001_newer";
const AS_IT_IS = { migrations: [], functions: [], newerMigrations: [], newerFunctions: [] };

async function newerRelease(up: string): Promise<string> {
  const folder = await copyOfMigrations();
  await addMigration(folder, NEWER, up, "SELECT 1;");
  await editFunction(folder, "money/forbid_change", (sql) =>
    sql.replace("is forbidden", "is newly forbidden"),
  );
  return folder;
}

test("an older release works beside a newer schema that does not break it, and sees what is newer", async () => {
  const { url, client } = await emptyDatabase();
  await migrateUp(url, await newerRelease("CREATE TABLE later ();"));
  const beside = { ...AS_IT_IS, newerMigrations: [NEWER], newerFunctions: ["forbid_change"] };
  expect(await readSchemaState(url)).toEqual(beside);
  await expect(migrateUp(url)).rejects.toThrow(`${NEWER} ran on this database but is not in this release`);
  await expect(migrateDown(url, 1)).rejects.toThrow(NEWER);
  await expect(client.query("DELETE FROM wallets")).rejects.toThrow("is newly forbidden");
});

test("a step that breaks this release is said at once, one that only breaks older ones is not", async () => {
  const { url } = await emptyDatabase();
  await migrateUp(url, await newerRelease("-- Breaks: releases before 999.0.0: no column.\nSELECT 1;"));
  await expect(readSchemaState(url)).rejects.toThrow(
    `this is release ${VERSION}, and migration ${NEWER} of a newer one ran on this database: it breaks releases before 999.0.0`,
  );
  const { url: other } = await emptyDatabase();
  await migrateUp(other, await newerRelease(`-- Breaks: releases before ${VERSION}\nSELECT 1;`));
  expect((await readSchemaState(other)).newerMigrations).toEqual([NEWER]);
});

test("a function that a newer release dropped is missed at once", async () => {
  const { url } = await emptyDatabase();
  await migrateUp(url, await newerRelease("SELECT 1;"));
  await runSql(url, "DROP FUNCTION unpark_jobs");
  await expect(readSchemaState(url)).rejects.toThrow("dropped unpark_jobs, which this release calls");
});

test("functions that were replaced since are newer, those that this database never had are lacking", async () => {
  const { url } = await emptyDatabase();
  const edited = await copyOfMigrations();
  await editFunction(edited, "money/forbid_change", (sql) =>
    sql.replace("is forbidden", "is newly forbidden"),
  );
  await migrateUp(url);
  expect(await readSchemaState(url, edited)).toEqual({ ...AS_IT_IS, functions: ["forbid_change"] });
  await migrateUp(url, edited);
  expect(await readSchemaState(url)).toEqual({ ...AS_IT_IS, newerFunctions: ["forbid_change"] });
  // Who goes back makes the other one newer again.
  expect((await migrateUp(url)).functions).toEqual(["forbid_change"]);
  expect(await readSchemaState(url)).toEqual(AS_IT_IS);
  expect(await readSchemaState(url, edited)).toEqual({ ...AS_IT_IS, functions: ["forbid_change"] });
  await migrateUp(url, edited);
  expect(await readSchemaState(url)).toEqual({ ...AS_IT_IS, newerFunctions: ["forbid_change"] });
});

test("functions of a release with a higher number are newer, those of a lower one lack something", async () => {
  const { url } = await emptyDatabase();
  await migrateUp(url);
  const other = "UPDATE schema_functions SET checksum = 'other', release = $1 WHERE name = 'forbid_change'";
  await runSql(url, other, ["999.0.0"]);
  expect(await readSchemaState(url)).toEqual({ ...AS_IT_IS, newerFunctions: ["forbid_change"] });
  await runSql(url, other, ["0.0.1"]);
  expect(await readSchemaState(url)).toEqual({ ...AS_IT_IS, functions: ["forbid_change"] });
});

test("a database that a release before this one migrated is read as it is, and gets the columns by the next up", async () => {
  const { url, client } = await emptyDatabase();
  await migrateUp(url);
  await client.query("ALTER TABLE schema_migrations DROP COLUMN breaks_before");
  await client.query("ALTER TABLE schema_functions DROP COLUMN release, DROP COLUMN superseded");
  expect(await readSchemaState(url)).toEqual(AS_IT_IS);
  await migrateUp(url, await newerRelease("SELECT 1;"));
  expect((await readSchemaState(url)).newerMigrations).toEqual([NEWER]);
});

test("a role that may read, write and call, and create nothing, sees the state, and an up with nothing to do is fine", async () => {
  const { url, client } = await emptyDatabase();
  await migrateUp(url);
  const role = `plain_${randomBytes(4).toString("hex")}`;
  atTheEnd(async () => {
    await client.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
  });
  await client.query(`
    CREATE ROLE ${role} LOGIN PASSWORD 'plain';
    REVOKE CREATE ON SCHEMA public FROM PUBLIC;
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${role}`);
  const asRole = new URL(url);
  asRole.username = role;
  asRole.password = "plain";
  expect(await readSchemaState(asRole.href)).toEqual(AS_IT_IS);
  expect(await migrateUp(asRole.href)).toEqual({ migrations: [], functions: [] });
});
