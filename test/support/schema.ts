import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import type { Client } from "pg";
import { expect } from "vitest";

import { MIGRATIONS_FOLDER } from "../../src/postgres/connection/schema-files.ts";
import { createEmptyDatabase } from "./database.ts";
import { connect } from "./sql.ts";
import { dumpSchema } from "./schema-dump.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** A database without a table, and a connection to look into it. */
export async function emptyDatabase(): Promise<{ url: string; client: Client }> {
  const { url } = await createEmptyDatabase();
  return { url, client: await connect(url) };
}

/** The migrations as another version of the platform may have them. */
export async function copyOfMigrations(): Promise<string> {
  const folder = await temporaryFolder();
  await cp(MIGRATIONS_FOLDER, folder, { recursive: true });
  return folder;
}

export async function addMigration(folder: string, name: string, up: string, down: string): Promise<void> {
  await mkdir(`${folder}/${name}`);
  await writeFile(`${folder}/${name}/up.sql`, up);
  await writeFile(`${folder}/${name}/down.sql`, down);
}

export async function editFunction(
  folder: string,
  path: string,
  edit: (sql: string) => string,
): Promise<void> {
  const file = `${folder}/functions/${path}.sql`;
  const sql = await readFile(file, "utf8");
  const edited = edit(sql);
  expect(edited).not.toBe(sql);
  await writeFile(file, edited);
}

/** Everything that makes a schema, one line a thing. */
export async function readSchema(client: Client): Promise<string[]> {
  return (await dumpSchema(client)).split("\n");
}
