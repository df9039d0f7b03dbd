import { cp, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { findSqlFaults } from "../../scripts/sql-form.ts";
import { MIGRATIONS_FOLDER } from "../../src/postgres/connection/schema-files.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const HEADER = `-- Does: something.
-- Locks, in order: nothing.
-- Returns: bigint
-- Raises: nothing.
-- Called by: nobody.

`;
const BODY = "CREATE OR REPLACE FUNCTION probe() RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint';\n";

test("every SQL file has the form that migrations/README.md asks for", async () => {
  expect(await findSqlFaults(MIGRATIONS_FOLDER)).toEqual([]);
});

test.each([
  ["no header", "functions/probe/probe.sql", BODY, "the header has no line instead of Does"],
  [
    "an entry out of order",
    "functions/probe/probe.sql",
    HEADER.replace("Raises", "Does") + BODY,
    "instead of Does",
  ],
  [
    "prose in Returns",
    "functions/probe/probe.sql",
    HEADER.replace("bigint", "how many, or null") + BODY,
    '"how many"',
  ],
  [
    "another function in it",
    "functions/probe/probe.sql",
    HEADER + BODY + BODY.replace("probe", "other"),
    "probe, other",
  ],
  ["another name", "functions/probe/other.sql", HEADER + BODY, "creates probe, not other alone"],
  [
    "a second home",
    "functions/probe/claim_jobs.sql",
    HEADER + BODY,
    "claim_jobs stands in functions/jobs/claim_jobs.sql too",
  ],
  [
    "a function that is not replaced",
    "functions/probe/probe.sql",
    HEADER + BODY.replace("OR REPLACE ", ""),
    "OR REPLACE",
  ],
  ["a line of 111 columns", "views/wide.sql", `-- ${"x".repeat(108)}`, "views/wide.sql:1: 111 columns"],
  ["a letter beyond ASCII", "views/dots.sql", "-- 1, 2, 3 … n", 'views/dots.sql:1: "…" is not ASCII'],
  ["a function in a numbered step", "2999-01-01-000001_probe/up.sql", BODY, "stand in functions/"],
])("%s is a fault", async (_fault, path, sql, says) => {
  const folder = await temporaryFolder();
  await cp(MIGRATIONS_FOLDER, folder, { recursive: true });
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), sql);
  expect((await findSqlFaults(folder)).join("\n")).toContain(says);
});
