import { randomBytes } from "node:crypto";
import { Client } from "pg";
import { beforeAll, describe, expect, inject, test } from "vitest";
import { migrateUp } from "../../src/postgres/connection/migrator.ts";
import { atTheEnd } from "../support/cleanup.ts";
import { attack, createGuardDatabase, type GuardDatabase, race } from "./guard-database.ts";
import type { Guard } from "./guard-attacks.ts";
import { CONSTRAINTS, FORM_ONLY } from "./guard-constraints.ts";
import { JOB_CLAUSES } from "./guard-job-clauses.ts";
import { LONE_CLAUSES } from "./guard-lone-clauses.ts";
import { LOCKS } from "./guard-locks.ts";
import { POST_CLAUSES } from "./guard-post-clauses.ts";
import { SEALS } from "./guard-seals.ts";
import { SUBMIT_CLAUSES } from "./guard-submit-clauses.ts";
import { TRIGGERS } from "./guard-triggers.ts";
import { brokenPromises, createCustomer, createTestPlatform } from "../support/test-platform.ts";

// Each guard of money and of the fence is taken away, and what it stopped must then be done: a guard that nobody would miss guards nothing, and
// a test that passes without it tests nothing. What the next guard behind it answers is in the table too.

let database: GuardDatabase;

beforeAll(async () => {
  database = await createGuardDatabase();
});

describe.each<[string, readonly Guard[]]>([
  ["constraint", CONSTRAINTS],
  ["trigger", TRIGGERS],
  ["clause", [...SUBMIT_CLAUSES, ...JOB_CLAUSES, ...LONE_CLAUSES, ...POST_CLAUSES]],
  ["seal", SEALS],
])("only the %s stops it:", (_sort, guards) => {
  test.each(guards.map((guard) => [guard.name, guard] as const))("%s", async (_name, guard) => {
    const { client, targets } = database;
    const sql = guard.attack(targets);
    expect(await attack(client, sql)).toBe(guard.guarded);
    expect(await attack(client, sql, guard.removal)).toBe(guard.unguarded);
    expect(guard.unguarded).not.toBe(guard.guarded);
  });
});

describe("only the lock stops it:", () => {
  test.each(LOCKS.map((guard) => [guard.name, guard] as const))("%s", async (_name, guard) => {
    const [whole, without] = await Promise.all([createGuardDatabase(), createGuardDatabase()]);
    expect(await race(whole, guard, false)).toBe(guard.guarded);
    expect(await race(without, guard, true)).toBe(guard.unguarded);
  });
});

test("every constraint, unique index and trigger of the money tables is in the table above", async () => {
  const { rows } = await database.client.query<{ name: string }>(
    `WITH tables AS (SELECT unnest($1::regclass[]) AS oid)
     SELECT c.conname AS name FROM pg_constraint c JOIN tables t ON t.oid = c.conrelid WHERE c.contype IN ('c', 'p', 'u', 'f', 'x')
     UNION SELECT i.indexrelid::regclass::text FROM pg_index i JOIN tables t ON t.oid = i.indrelid WHERE i.indisunique
     UNION SELECT g.tgname FROM pg_trigger g JOIN tables t ON t.oid = g.tgrelid WHERE NOT g.tgisinternal`,
    [
      [
        "wallets",
        "wallet_entries",
        "wallet_seals",
        "jobs",
        "customer_prices",
        "price_history",
        "idempotency_keys",
      ],
    ],
  );
  const attacked = [...CONSTRAINTS, ...TRIGGERS].map((guard) => guard.name.replace(/ .*/, ""));
  const listed = new Set([...attacked, ...FORM_ONLY]);
  expect(rows.map((row) => row.name).filter((name) => !listed.has(name))).toEqual([]);
});

describe("as the owner of the schema, who is no superuser,", () => {
  let owner: Client;
  let url: string;

  beforeAll(async () => {
    url = await createOwnedDatabase();
    await migrateUp(url);
    owner = new Client(url);
    await owner.connect();
    atTheEnd(() => owner.end());
  });

  test.each(
    [
      ["wallet_entries", "wallet_id"],
      ["wallet_seals", "wallet_id"],
      ["operator_actions", "id"],
    ].flatMap(([table = "", column]) => [
      ["UPDATE", table, `UPDATE ${table} SET ${column} = ${column}`],
      ["DELETE", table, `DELETE FROM ${table}`],
      ["TRUNCATE", table, `TRUNCATE ${table}`],
    ]),
  )("only the REVOKE stops it: %s on %s", async (verb = "", table = "", sql = "") => {
    const granted = { sql: `GRANT UPDATE, DELETE, TRUNCATE ON ${table} TO CURRENT_USER` };
    expect(await attack(owner, sql)).toBe(`permission denied for table ${table}`);
    expect(await attack(owner, sql, granted)).toBe(`${verb} on ${table} is forbidden`);
  });

  test("money can be moved and sealed", async () => {
    const { platform } = await createTestPlatform({ databaseUrl: url });
    const customer = await createCustomer(platform, 100);
    await platform.wallets.deductBalance({ customer_id: customer, amount_cents: 1, reason: "test" });
    await platform.seals.sealNext(undefined);
    expect((await platform.seals.verify()).sealed_entries).toBe(2);
    expect(await brokenPromises(platform)).toEqual([]);
  });
});

async function createOwnedDatabase(): Promise<string> {
  const name = `iep_owner_${randomBytes(6).toString("hex")}`;
  const superuser = new Client(inject("postgresUrl"));
  await superuser.connect();
  atTheEnd(async () => {
    await superuser.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    await superuser.query(`DROP ROLE IF EXISTS ${name}`);
    await superuser.end();
  });
  await superuser.query(`CREATE ROLE ${name} LOGIN PASSWORD '${name}'`);
  await superuser.query(`CREATE DATABASE ${name} OWNER ${name}`);
  const url = new URL(inject("postgresUrl"));
  url.username = name;
  url.password = name;
  url.pathname = name;
  return url.href;
}
