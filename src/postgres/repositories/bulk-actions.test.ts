import { v7 as uuidv7 } from "uuid";
import { expect, test } from "vitest";
import { connect, runSql } from "../../../test/support/sql.ts";
import {
  brokenPromises,
  createCustomer,
  createJobType,
  createRunner,
  createTestPlatform,
} from "../../../test/support/test-platform.ts";
import { waitFor } from "../../../test/support/wait-for.ts";
import type { OpenPlatform } from "../../bin/open-platform.ts";
import { newId } from "../../core/lib/new-id.ts";
import type { BulkFilter } from "../../core/model/bulk-action.ts";
import type { IdempotencyKey } from "../../core/model/idempotency.ts";
import { submitJob } from "../../core/use-cases/submit-jobs.ts";

async function startCancel(platform: OpenPlatform, filter: BulkFilter): Promise<string> {
  const asked = { id: newId(), action: "cancel", owner_id: undefined, filter, isPreview: false } as const;
  return (await platform.bulkActions.create(asked, undefined)).action.id;
}

async function createOwner(platform: OpenPlatform) {
  return { customer_id: await createCustomer(platform), job_type_id: await createJobType(platform) };
}

test("an action whose batches fail does not keep the others waiting", async () => {
  const { platform, databaseUrl } = await createTestPlatform();
  await runSql(
    databaseUrl,
    `INSERT INTO bulk_actions (id, action, filter, status, expected, worked_at)
     VALUES ($1, 'cancel', '{"ids": ["no id"]}', 'running', '{}', now() - interval '1 hour')`,
    [uuidv7()],
  );
  const sound = await startCancel(platform, { status: "pending" });
  await expect(platform.bulkActions.next()).rejects.toThrow("uuid");
  expect((await platform.bulkActions.next())?.actionId).toBe(sound);
});

test("a cancel of pending jobs leaves alone what a runner has taken meanwhile", async () => {
  const { platform } = await createTestPlatform();
  const owner = await createOwner(platform);
  const { id: taken } = await submitJob(platform, { ...owner, input_data: null });
  const { id: waiting } = await submitJob(platform, { ...owner, input_data: null });
  const action = await startCancel(platform, { status: "pending", customer_id: owner.customer_id });
  const batch = await platform.bulkActions.next();
  if (!batch) throw new Error("no batch");
  await platform.jobs.claim({ runner_id: await createRunner(platform), ids: [taken] });
  expect(await platform.bulkActions.cancelBatch(batch)).toBe(true);
  expect(await platform.bulkActions.findById(action)).toMatchObject({
    status: "done",
    seen: 2,
    jobs: 1,
    skips: [{ reason: "not_pending", jobs: 1 }],
  });
  expect((await platform.jobs.findById(taken))?.status).toBe("running");
  expect((await platform.jobs.findById(waiting))?.status).toBe("cancelled");
  expect(await brokenPromises(platform)).toEqual([]);
});

test("a batch finds the few jobs that match behind many that do not", async () => {
  const { platform, databaseUrl } = await createTestPlatform();
  const owner = await createOwner(platform);
  await runSql(
    databaseUrl,
    `INSERT INTO jobs (id, customer_id, job_type_id, status, priority, input_data, estimated_cost_cents, completed_at, max_attempts)
     SELECT ('019ab1f0-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, $1, $2, 'failed', 1, '{}', 5, now(), 1
       FROM generate_series(1, 450) n`,
    [owner.customer_id, owner.job_type_id],
  );
  const { id } = await submitJob(platform, { ...owner, input_data: null });
  await startCancel(platform, { customer_id: owner.customer_id });
  const batch = await platform.bulkActions.next();
  expect(batch).toMatchObject({ jobs: [{ id }], reached: id, ended: true });
});

test("of two requests at once, only as many actions start as may run", async () => {
  const { platform, databaseUrl } = await createTestPlatform();
  const [one, other] = [await connect(databaseUrl), await connect(databaseUrl)];
  const create = "SELECT create_bulk_action($1, 'cancel', $2, '{}', false, '{}', now(), 1, NULL, NULL) AS id";
  const owner = await createCustomer(platform);
  await one.query("BEGIN");
  await one.query(create, [uuidv7(), owner]);
  const { rows } = await other.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
  const second = other.query<{ id: string | null }>(create, [uuidv7(), owner]);
  await waitFor(async () => {
    const found = await one.query("SELECT FROM pg_locks WHERE pid = $1 AND NOT granted", [rows[0]?.pid]);
    return found.rowCount === 1;
  });
  await one.query("COMMIT");
  expect((await second).rows).toEqual([{ id: null }]);
});

test("one preview of an owner is counted at a time; a request that is sent again counts nothing", async () => {
  const { platform, databaseUrl } = await createTestPlatform();
  const owner_id = await createCustomer(platform);
  const ask = (owner: string | undefined, key?: IdempotencyKey) =>
    platform.bulkActions.create(
      { id: newId(), action: "cancel", owner_id: owner, filter: { status: "pending" }, isPreview: true },
      key,
    );
  const key = { id: uuidv7(), request_hash: uuidv7() };
  const first = await ask(owner_id, key);
  const holder = await connect(databaseUrl);
  await holder.query("BEGIN; LOCK TABLE jobs");
  const counting = ask(owner_id);
  const waits = "SELECT FROM pg_locks WHERE relation = 'jobs'::regclass AND NOT granted";
  await waitFor(async () => (await holder.query(waits)).rowCount === 1);
  await expect(ask(owner_id)).rejects.toMatchObject({ code: "rate_limited" });
  expect(await ask(owner_id, key)).toEqual({ action: first.action, replayed: true });
  const ofOther = ask(undefined);
  await waitFor(async () => (await holder.query(waits)).rowCount === 2);
  await holder.query("COMMIT");
  expect((await counting).action.status).toBe("preview");
  await ofOther;
  await ask(owner_id);

  // The key is kept longer than the preview.
  await runSql(databaseUrl, "DELETE FROM bulk_actions WHERE id = $1", [first.action.id]);
  await expect(ask(owner_id, key)).rejects.toMatchObject({ code: "not_found" });
});
