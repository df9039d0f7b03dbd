import { appendFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import {
  addMigration,
  copyOfMigrations,
  editFunction,
  emptyDatabase,
  readSchema,
} from "../../../test/support/schema.ts";
import { migrateDown, migrateUp, readSchemaState } from "./migrator.ts";

test("a function whose file changed is applied, alone, and a comment is enough", async () => {
  const { url, client } = await emptyDatabase();
  const folder = await copyOfMigrations();
  await migrateUp(url, folder);
  await editFunction(folder, "money/forbid_change", (sql) => sql.replace("is forbidden", "is not allowed"));
  await appendFile(`${folder}/views/journal.sql`, "-- Said better.\n");
  expect(await readSchemaState(url, folder)).toMatchObject({
    migrations: [],
    functions: ["journal", "forbid_change"],
  });
  expect(await migrateUp(url, folder)).toEqual({ migrations: [], functions: ["journal", "forbid_change"] });
  await expect(client.query("DELETE FROM wallets")).rejects.toThrow("DELETE on wallets is not allowed");
  expect(await readSchemaState(url, folder)).toMatchObject({ migrations: [], functions: [] });
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

test("a function and a view that somebody dropped are lacking, and come back", async () => {
  const { url, client } = await emptyDatabase();
  await migrateUp(url);
  const schema = await readSchema(client);
  await client.query("DROP FUNCTION unpark_jobs; DROP VIEW audit");
  const dropped = { migrations: [], functions: ["unpark_jobs", "audit"] };
  expect(await readSchemaState(url)).toMatchObject(dropped);
  expect(await migrateUp(url)).toEqual(dropped);
  expect(await readSchema(client)).toEqual(schema);
});

test("a table that a migration creates anew has its triggers again", async () => {
  const { url, client } = await emptyDatabase();
  await migrateUp(url);
  const schema = await readSchema(client);
  const folder = await copyOfMigrations();
  const up = await readFile(`${folder}/2026-11-26-000006_create_prices/up.sql`, "utf8");
  const anew = `DROP TABLE price_history; DROP TABLE customer_prices; ${up}; ALTER TABLE price_history ADD COLUMN currency text;`;
  await addMigration(folder, "2999-01-01-000001_prices_anew", anew, "SELECT 1;");
  await migrateUp(url, folder);
  expect(await readSchema(client)).toEqual(schema);
});

test("after down nothing is said to be as in its file, and up applies all of it again", async () => {
  const { url } = await emptyDatabase();
  const { functions } = await migrateUp(url);
  const [newest] = await migrateDown(url, 1);
  expect(await readSchemaState(url)).toMatchObject({ migrations: [newest], functions });
  expect(await migrateUp(url)).toEqual({ migrations: [newest], functions });
});

test("a file that does not create what it is called is refused", async () => {
  const { url } = await emptyDatabase();
  const folder = await copyOfMigrations();
  await editFunction(folder, "queue/unpark_jobs", (sql) => sql.replace("unpark_jobs(", "unpark_all_jobs("));
  await expect(migrateUp(url, folder)).rejects.toThrow("unpark_jobs.sql does not create unpark_jobs");
});
