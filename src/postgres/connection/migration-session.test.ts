import { expect, test } from "vitest";
import { addMigration, copyOfMigrations, emptyDatabase } from "../../../test/support/schema.ts";
import { connect } from "../../../test/support/sql.ts";
import { waitFor } from "../../../test/support/wait-for.ts";
import { migrateUp } from "./migrator.ts";

const STEP = "2999-01-01-000001_wide";

/** A migrated database, a step that changes `jobs`, and somebody who holds what it needs. */
async function heldDatabase(hold: string) {
  const { url, client } = await emptyDatabase();
  const folder = await copyOfMigrations();
  await migrateUp(url, folder);
  await addMigration(
    folder,
    STEP,
    "ALTER TABLE jobs ADD COLUMN probe int;",
    "ALTER TABLE jobs DROP COLUMN probe;",
  );
  const holder = await connect(url);
  await holder.query("SET application_name = 'long report'");
  await holder.query(hold);
  const { rows } = await holder.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
  return { url, client, folder, holder, pid: rows[0]?.pid };
}

const READING = "BEGIN; SELECT count(*) FROM jobs";
/** As releases before this one took it, left behind on a connection of a pooler. */
const LEFT_BEHIND = "SELECT pg_advisory_lock(4957413)";

test.each([
  ["a transaction that reads the table", READING, /idle in transaction for \d+ s/],
  ["a lock that an older release left behind", LEFT_BEHIND, /idle for \d+ s/],
])("%s: the migration gives up in time, names the holder and has done nothing", async (_who, hold, state) => {
  const { url, client, folder, pid } = await heldDatabase(hold);
  const said: string[] = [];
  const started_at = performance.now();
  await expect(
    migrateUp(url, folder, { patience_ms: 3_000, say: (line) => said.push(line) }),
  ).rejects.toThrow(new RegExp(`^migration ${STEP} waited 3 s for a lock .*process ${pid} \\(long report, `));
  expect(performance.now() - started_at).toBeLessThan(6_000);
  expect(said.join("\n")).toMatch(new RegExp(`process ${pid} .*${state.source}`));
  const { rows } = await client.query(
    "SELECT FROM pg_attribute WHERE attrelid = 'jobs'::regclass AND attname = 'probe'",
  );
  expect(rows).toEqual([]);
});

test.each([
  ["a transaction that reads the table", READING, "COMMIT"],
  ["another migration", LEFT_BEHIND, "SELECT pg_advisory_unlock_all()"],
])("%s is waited for, and the migration then runs", async (_who, hold, end) => {
  const { url, folder, holder } = await heldDatabase(hold);
  const said: string[] = [];
  const done = migrateUp(url, folder, { say: (line) => said.push(line) });
  await waitFor(() => said.length > 0, { describe: "the holder to be named" });
  await holder.query(end);
  expect((await done).migrations).toEqual([STEP]);
});

test("while the migration waits for a table, others who need it get through between its tries", async () => {
  const { url, client, folder } = await heldDatabase(READING);
  const read = async (): Promise<void> => {
    await client.query("SET lock_timeout = '2s'");
    for (let n = 0; n < 20; n += 1) await client.query("SELECT count(*) FROM jobs, pg_sleep(0.1)");
  };
  const [migrated, reading] = await Promise.allSettled([
    migrateUp(url, folder, { patience_ms: 5_000 }),
    read(),
  ]);
  expect(migrated).toMatchObject({ status: "rejected", reason: { code: "migration_failed" } });
  expect(reading.status).toBe("fulfilled");
});
