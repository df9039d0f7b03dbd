import { expect, test } from "vitest";
import { redisNamespace } from "../../test/support/redis.ts";
import { runSql } from "../../test/support/sql.ts";
import {
  brokenPromises,
  createCustomer,
  createJobType,
  createRunner,
  createTestPlatform,
} from "../../test/support/test-platform.ts";
import { upkeepTask } from "../../test/support/upkeep.ts";
import { waitFor } from "../../test/support/wait-for.ts";
import { submitJob } from "../core/use-cases/submit-jobs.ts";

const OLD = Date.now() - 100 * 24 * 60 * 60 * 1_000;

/** An id as uuidv7 would have created it at that time. */
function idOf(time_ms: number, n: number): string {
  const hex = time_ms.toString(16).padStart(12, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-${n.toString(16).padStart(12, "0")}`;
}

test("retention deletes jobs that ended long ago; their charges stay, and every promise holds", async () => {
  const { platform, databaseUrl } = await createTestPlatform();
  const customer_id = await createCustomer(platform);
  const job_type_id = await createJobType(platform);
  const runner_id = await createRunner(platform);

  const job = { customer_id, job_type_id, priority: 1, input_data: null } as const;
  const ids = Array.from({ length: 6 }, (_, n) => idOf(OLD, n));
  await platform.jobs.submit(
    ids.map((id) => ({ ...job, id })),
    { 0: false, 1: false, 2: false },
  );
  const [paid, free, failed, young, running, waiting] = ids;
  const claimed = await platform.jobs.claim({ runner_id, ids: ids.slice(0, 5) });
  const outcomeOf = (id: string) => {
    const attempt = claimed.find((one) => one.id === id)?.attempt ?? 0;
    if (id === failed) return { id, attempt, kind: "failed", error: { code: "x", message: "x" } } as const;
    return { id, attempt, kind: "succeeded", output: null, cost_cents: id === free ? 0 : 10 } as const;
  };
  await platform.jobs.settle([paid, free, failed, young].map((id) => outcomeOf(id ?? "")));
  await runSql(databaseUrl, "UPDATE jobs SET completed_at = now() - interval '91 days' WHERE id = ANY ($1)", [
    [paid, free, failed],
  ]);

  await upkeepTask(platform, "retention", { retention_days: 0 }).runOnce();
  expect(await platform.jobs.findById(paid ?? "")).toBeDefined();

  await upkeepTask(platform, "retention", { retention_days: 90 }).runOnce();
  const left = await Promise.all(ids.map((id) => platform.jobs.findById(id)));
  expect(left.map((one) => one?.id)).toEqual([undefined, undefined, undefined, young, running, waiting]);
  expect(await brokenPromises(platform)).toEqual([]);
  const entries = await platform.wallets.listEntries(customer_id, { limit: 10 });
  expect(entries.filter(({ kind }) => kind === "charge").map(({ job_id }) => job_id)).toContain(paid);

  // What was charged for a job that is gone can still be given back.
  const refund = { job_id: paid ?? "", reference: "late", reason: null };
  expect((await platform.wallets.refund(refund, "test")).entry.amount_cents).toBe(10);

  // A job that is taken out by hand is found: its charge is nobody's.
  await runSql(databaseUrl, "DELETE FROM jobs WHERE id = $1", [young]);
  expect(await brokenPromises(platform)).toEqual([`nothing_else_is_charged: 1 (${customer_id})`]);
});

test("retention deletes a long history a batch at a time, until nothing of it is left", async () => {
  const { platform, databaseUrl } = await createTestPlatform();
  const customer_id = await createCustomer(platform);
  const job_type_id = await createJobType(platform);
  await runSql(
    databaseUrl,
    `INSERT INTO jobs (id, customer_id, job_type_id, status, priority, input_data, estimated_cost_cents, completed_at, max_attempts)
     SELECT ($1 || lpad(to_hex(n), 12, '0'))::uuid, $2, $3, 'failed', 1, '{}', 0, now() - interval '95 days', 1 FROM generate_series(1, 2500) n`,
    [idOf(OLD, 0).slice(0, -12), customer_id, job_type_id],
  );
  const young = await submitJob(platform, { customer_id, job_type_id, input_data: null });
  const task = upkeepTask(platform, "retention", { retention_days: 90 });
  const more: boolean[] = [];
  do more.push(await task.runOnce());
  while (more.at(-1));
  expect(more).toEqual([true, true, false]);
  const { rows } = await runSql(databaseUrl, "SELECT id FROM jobs");
  expect(rows).toEqual([{ id: young.id }]);
});

test("unparking: jobs of a paused type come back once it is resumed, and not before", async () => {
  const { platform } = await createTestPlatform();
  const job_type_id = await createJobType(platform);
  const runner_id = await createRunner(platform);
  const claim = () => platform.readyQueue.claim({ runner_id, max: 10, wait_ms: 0 });
  await platform.jobTypes.setPaused(job_type_id, true);
  const customer_id = await createCustomer(platform);
  const { id } = await submitJob(platform, { customer_id, job_type_id, input_data: 0 });
  const task = upkeepTask(platform, "unparking");

  expect(await claim()).toEqual([]);
  expect(await task.runOnce()).toBe(false);
  expect(await claim()).toEqual([]);
  await platform.jobTypes.setPaused(job_type_id, false);
  expect(await task.runOnce()).toBe(false);
  expect((await claim()).map((job) => job.id)).toEqual([id]);
  expect(await brokenPromises(platform)).toEqual([]);
});

test("rescue: a process judges others only once it has been in contact for a whole lease itself", async () => {
  const { platform } = await createTestPlatform({ redis: redisNamespace() });
  const job = { customer_id: await createCustomer(platform), job_type_id: await createJobType(platform) };
  const { id } = await submitJob(platform, { ...job, input_data: 0 });
  const claim = { max: 10, wait_ms: 100 };
  const dead = await createRunner(platform);
  expect(await platform.readyQueue.claim({ ...claim, runner_id: dead })).toHaveLength(1);
  await platform.runners.deregister(dead);
  const rescued: unknown[] = [];
  let contact_ms = 9_999;
  const task = upkeepTask(platform, "rescue", {
    lease_seconds: 10,
    contact_ms: () => contact_ms,
    onRescued: (one) => void rescued.push(one),
  });

  await task.runOnce();
  expect([rescued, (await platform.jobs.findById(id))?.status]).toEqual([[], "running"]);
  contact_ms = 10_000;
  await task.runOnce();
  expect(rescued).toEqual([{ rescued: 1, runners: [{ id: dead, host: null }] }]);
  // It was refilled as well: the id stands in the list again.
  expect((await platform.waitingJobs.overview())[1]).toMatchObject({ ready: 1, backlog: 0 });
  expect(await brokenPromises(platform)).toEqual([]);
});

test("rescue names the runner that is dead, and its host", async () => {
  const { platform } = await createTestPlatform();
  const job = { customer_id: await createCustomer(platform), job_type_id: await createJobType(platform) };
  const { id } = await submitJob(platform, { ...job, input_data: 0 });
  // The idle one first: when the lease of the other is over, its own is.
  const [idle, dead] = [await createRunner(platform), await createRunner(platform)];
  expect(await platform.readyQueue.claim({ max: 10, wait_ms: 100, runner_id: dead })).toHaveLength(1);
  // Neither sends a heartbeat. One of them has no jobs, and is no news.
  const rescued = await waitFor(async () => {
    const result = await platform.runners.rescue({ lease_ms: 100, lostMax: 3, leasesMax: 20 });
    return result.rescued > 0 && result;
  });
  expect(rescued).toEqual({ rescued: 1, more: false, runners: [{ id: dead, host: "test" }] });
  expect((await platform.jobs.findById(id))?.status).toBe("pending");
  expect((await platform.runners.list()).map((runner) => runner.id)).not.toContain(idle);
});
