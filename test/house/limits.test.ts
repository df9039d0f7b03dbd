import type { Client } from "pg";
import { expect, test } from "vitest";
import { CHECKED_LIMITS, LIMITS_OF_FUNCTIONS } from "../../scripts/sql-limits.ts";
import { createTestDatabase } from "../support/database.ts";
import { connect } from "../support/sql.ts";

/** Numbers in a CHECK that no user can meet: the length of a hash, or of a traceparent. */
const NO_LIMITS = new Set([
  "api_keys_key_hash_check",
  "customers_api_key_check",
  "job_traces_traceparent",
  "operators_key_hash_check",
  "sessions_admin_proof_check",
  "sessions_token_hash_check",
  "wallet_seals_hash_check",
]);

/** The CHECK constraints that have a number which is not the limit that they are listed with. */
async function wrongChecks(client: Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string; definition: string }>(
    `SELECT conname AS name, pg_get_constraintdef(oid) AS definition
       FROM pg_constraint WHERE contype = 'c' AND connamespace = 'public'::regnamespace ORDER BY conname`,
  );
  const listed = Object.keys(CHECKED_LIMITS).filter((name) => !rows.some((row) => row.name === name));
  const wrong = rows.filter(({ name, definition }) => {
    const limit = CHECKED_LIMITS[name];
    const numbers = [...definition.matchAll(/\d+/g)].map(Number).filter((number) => number >= 10);
    return limit === undefined
      ? numbers.length > 0 && !NO_LIMITS.has(name)
      : !Object.values(limit).includes(Math.max(...numbers));
  });
  return [...listed.map((name) => `${name}: not there`), ...wrong.map(({ name }) => name)];
}

/** The functions that do not have the limit in their body that they are listed with. */
async function wrongFunctions(client: Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string; body: string }>(
    "SELECT proname AS name, prosrc AS body FROM pg_proc WHERE proname = ANY ($1::text[])",
    [Object.keys(LIMITS_OF_FUNCTIONS)],
  );
  return Object.entries(LIMITS_OF_FUNCTIONS).flatMap(([name, limit]) => {
    const bodies = rows.filter((row) => row.name === name).map(({ body }) => body.replaceAll(/--.*$/gm, ""));
    return bodies.some((body) => new RegExp(`\\b${Object.values(limit).join()}\\b`).test(body)) ? [] : [name];
  });
}

test("SQL repeats the limits of the code, and no other number", async () => {
  const client = await connect((await createTestDatabase()).url);
  expect(await wrongChecks(client)).toEqual([]);
  expect(await wrongFunctions(client)).toEqual([]);
});

test("a CHECK or a function with another number is found", async () => {
  const client = await connect((await createTestDatabase()).url);
  await client.query(`
    ALTER TABLE customers DROP CONSTRAINT customers_name_check,
      ADD CONSTRAINT customers_name_check CHECK (length(name) BETWEEN 1 AND 201);
    ALTER TABLE outbox ADD CONSTRAINT outbox_new CHECK (length(kind) <= 50);
    ALTER TABLE job_types DROP CONSTRAINT job_types_max_attempts_check`);
  const { rows } = await client.query<{ text: string }>(
    "SELECT pg_get_functiondef('append_error'::regproc) AS text",
  );
  await client.query(rows[0]?.text.replace(">= 20", ">= 21") ?? "");
  expect(await wrongChecks(client)).toEqual([
    "job_types_max_attempts_check: not there",
    "customers_name_check",
    "outbox_new",
  ]);
  expect(await wrongFunctions(client)).toEqual(["append_error"]);
});
