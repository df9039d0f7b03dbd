import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Client } from "pg";
import { beforeEach, describe, expect, test } from "vitest";
import { functionCallers } from "../../scripts/function-callers.ts";
import { readCatalog } from "../../scripts/function-catalog.ts";
import { readFunctionHeaders } from "../../scripts/function-headers.ts";
import { createDatabase, type Database } from "../../src/postgres/connection/database.ts";
import {
  callAgeJobs,
  callCountStampedJobs,
  callUnparkJobs,
} from "../../src/postgres/connection/functions.gen.ts";
import { openPool, REQUEST_LIMITS } from "../../src/postgres/connection/pool.ts";
import { atTheEnd } from "../support/cleanup.ts";
import { createTestDatabase } from "../support/database.ts";
import { connect } from "../support/sql.ts";

const SOURCE = fileURLToPath(new URL("../../src", import.meta.url));

let client: Client;
let database: Database;

beforeEach(async () => {
  const { url } = await createTestDatabase();
  client = await connect(url);
  const pool = openPool({ url, size: 1, name: "functions", limits: REQUEST_LIMITS });
  atTheEnd(() => pool.end());
  database = createDatabase(pool);
});

async function generate(more: Readonly<Record<string, readonly string[]>> = {}): Promise<string> {
  const others = Object.entries(more).map(([name, returns]) => ({
    name,
    returns,
    called_by: ["src/test.ts"],
    faults: [],
  }));
  return await functionCallers(await readCatalog(client), [...(await readFunctionHeaders()), ...others]);
}

const committed = await readFile(
  new URL("../../src/postgres/connection/functions.gen.ts", import.meta.url),
  "utf8",
);

describe("functions.gen.ts", () => {
  test("is what the schema and the headers make it, every time", async () => {
    expect(await generate()).toBe(committed);
  });

  test("is out of date when a function gets another parameter type", async () => {
    await client.query("DROP FUNCTION unpark_jobs");
    await client.query(
      "CREATE FUNCTION unpark_jobs(p_limit bigint) RETURNS bigint LANGUAGE sql AS 'SELECT 0::bigint'",
    );
    expect(await generate()).not.toBe(committed);
  });

  test("is not written for a function whose columns are others than its header lists", async () => {
    await client.query("DROP FUNCTION age_jobs");
    await client.query(
      "CREATE FUNCTION age_jobs() RETURNS TABLE (aged bigint, cursor uuid) LANGUAGE sql AS 'SELECT 0, NULL::uuid'",
    );
    await expect(generate()).rejects.toThrow(
      "age_jobs returns aged, cursor; its header says aged, next_cursor",
    );
  });

  test("is not written for a function that is not there, or there twice", async () => {
    await client.query("CREATE FUNCTION unpark_jobs() RETURNS bigint LANGUAGE sql AS 'SELECT 0::bigint'");
    await expect(generate()).rejects.toThrow("the schema has 2 functions named unpark_jobs");
    await client.query("DROP FUNCTION unpark_jobs(); DROP FUNCTION unpark_jobs(int)");
    await expect(generate()).rejects.toThrow("the schema has 0 functions named unpark_jobs");
  });

  test("knows rows of a composite type, OUT parameters, and arrays of what may be NULL", async () => {
    await client.query(`
      CREATE TYPE pair AS (id uuid, status job_status);
      CREATE FUNCTION some_pairs(p_ids uuid[], p_texts text[]) RETURNS SETOF pair LANGUAGE sql AS 'SELECT NULL::uuid, NULL::job_status';
      CREATE FUNCTION one_pair(p_after interval, OUT n int, OUT at timestamptz) LANGUAGE sql AS 'SELECT 1, now()'`);
    const text = await generate({ some_pairs: ["id", "status?"], one_pair: ["n", "at?"] });
    for (const part of [
      "export interface SomePairsRow {\n  readonly id: string;\n  readonly status: JobStatus | null;\n}",
      `id: (row[0] ?? unexpectedNull("some_pairs", "id")) as string`,
      "given: { readonly ids: BatchColumn<string>; readonly texts: BatchColumn<string> },\n): Promise<SomePairsRow[]>",
      `"SELECT id, status FROM some_pairs($1::uuid[], $2::text[])"`,
      "given: { readonly after: Interval | null },\n): Promise<OnePairRow>",
      "readonly at: string | null;",
    ])
      expect(text).toContain(part);
  });
});

describe("NULL", () => {
  test("raises an error in a column where its header rules it out", async () => {
    await client.query(
      "CREATE OR REPLACE FUNCTION count_stamped_jobs(p_older interval) RETURNS TABLE (priority smallint, stamped bigint) LANGUAGE sql AS 'SELECT 1::smallint, NULL::bigint'",
    );
    await expect(callCountStampedJobs(database, { older: "1 days" })).rejects.toThrow(
      "count_stamped_jobs returned NULL in stamped, which its header rules out",
    );
  });

  test("raises an error as a result where its header rules it out", async () => {
    await client.query(
      "CREATE OR REPLACE FUNCTION unpark_jobs(p_limit int) RETURNS bigint LANGUAGE sql AS 'SELECT NULL::bigint'",
    );
    await expect(callUnparkJobs(database, { limit: 1 })).rejects.toThrow("unpark_jobs returned NULL");
  });

  test("arrives as null in a column that may be NULL", async () => {
    const aged = callAgeJobs(database, { priority: 1, after: "1000 milliseconds", limit: 1, cursor: null });
    expect(await aged).toEqual([{ aged: 0, next_cursor: null }]);
  });
});

test("the headers say which files call a function, and no other file does", async () => {
  const sources = await Promise.all(
    (await readdir(SOURCE, { recursive: true }))
      .filter((path) => /\.(ts|mjs)$/.test(path) && !/\.(test|gen)\.ts$/.test(path))
      .map(async (path) => ({ path: `src/${path}`, text: await readFile(join(SOURCE, path), "utf8") })),
  );
  for (const { name, called_by } of await readFunctionHeaders()) {
    const caller = `call${name.replaceAll(/(?:^|_)(\w)/g, (_, letter: string) => letter.toUpperCase())}`;
    const calls = new RegExp(`\\b${caller}\\(|\\b${name}\\(`);
    const files = sources.filter(({ text }) => calls.test(text)).map(({ path }) => path);
    expect([name, files.toSorted()]).toEqual([
      name,
      called_by.filter((by) => by.startsWith("src/")).toSorted(),
    ]);
  }
});
