import { Client } from "pg";
import { expect, onTestFinished, test, vi } from "vitest";
import { pgbouncerVersion, startPgbouncer } from "../../../test/support/pgbouncer.ts";
import { emptyDatabase } from "../../../test/support/schema.ts";
import { connect } from "../../../test/support/sql.ts";
import { migrateDown, migrateUp, migrationStatus, readSchemaState } from "./migrator.ts";

const pgbouncer = await pgbouncerVersion();
const SESSION_STATE = `
  SELECT l.pid FROM pg_locks l
   WHERE l.locktype = 'advisory' AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())`;

test("no lock of the migrator outlives its transaction, and to read the status none is taken", async () => {
  const { url, client } = await emptyDatabase();
  const query = vi.spyOn(Client.prototype, "query");
  onTestFinished(() => query.mockRestore());
  const sent = (): string[] =>
    query.mock.calls.map(([first]: readonly unknown[]) =>
      typeof first === "object" && first !== null && "text" in first ? String(first.text) : String(first),
    );
  await migrateUp(url);
  await migrateDown(url, 1);
  expect(sent().join("\n")).toContain("pg_advisory_xact_lock");
  const ofTheSession = /pg_(try_)?advisory_lock|^\s*SET (?!LOCAL)|; SET (?!LOCAL)/;
  expect(sent().filter((sql) => ofTheSession.test(sql))).toEqual([]);
  expect((await client.query(SESSION_STATE)).rows).toEqual([]);

  query.mockClear();
  await migrationStatus(url);
  await readSchemaState(url);
  expect(sent().length).toBeGreaterThan(4);
  expect(sent().filter((sql) => /advisory|CREATE|ALTER|INSERT/.test(sql))).toEqual([]);
});

test.skipIf(pgbouncer === undefined)(
  "through PgBouncer in transaction mode: up, status, down and up, while another transaction holds its connection",
  async () => {
    const { url, client } = await emptyDatabase();
    const pooled = await startPgbouncer(url);
    await migrateUp(pooled);
    const other = await connect(pooled);
    await other.query("BEGIN; SELECT 1");
    expect((await migrationStatus(pooled)).every(({ applied_at }) => applied_at !== null)).toBe(true);
    const [newest] = await migrateDown(pooled, 1);
    expect((await migrateUp(pooled)).migrations).toEqual([newest]);
    expect((await client.query(SESSION_STATE)).rows).toEqual([]);
    await other.query("COMMIT");
  },
);
