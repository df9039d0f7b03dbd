import { expect, test } from "vitest";
import { runSql } from "../../../../test/support/sql.ts";
import {
  brokenPromises,
  createCustomer,
  createJobType,
  createRunner,
} from "../../../../test/support/test-platform.ts";
import { upkeepTask } from "../../../../test/support/upkeep.ts";
import { submitJob } from "../../../core/use-cases/submit-jobs.ts";
import { createTestApi } from "../../test-api.ts";

test("the overview says what happened, how things stand, and what needs attention", async () => {
  const api = await createTestApi();
  const { platform } = api;
  const customer_id = await createCustomer(platform);
  const job_type_id = await createJobType(platform);
  const unserved = await createJobType(platform, { name: "Nobody's", processing_logic_id: "nobody" });
  const runner_id = await createRunner(platform);
  const submit = async (type = job_type_id) =>
    (await submitJob(platform, { customer_id, job_type_id: type, input_data: null })).id;
  const ids = [await submit(), await submit(), await submit()];
  const claimed = await platform.jobs.claim({ runner_id, ids });
  const attemptOf = (n: number) => ({ id: ids[n] ?? "", attempt: claimed[n]?.attempt ?? 0 });
  await platform.jobs.settle([
    { ...attemptOf(0), kind: "succeeded", output: null },
    { ...attemptOf(1), kind: "failed", error: { code: "x", message: "no" } },
  ]);
  await platform.jobs.cancel(await submit());
  await platform.wallets.refund(
    { job_id: ids[0] ?? "", amount_cents: 4, reference: "r", reason: null },
    "test",
  );

  const before = await api.ask("GET", "/overview");
  expect(before.body.whole.ended).toEqual({ succeeded: 0, failed: 0, cancelled: 0 });
  expect(before.body.now.uncounted_seconds).toBeGreaterThan(0);
  const counting = upkeepTask(platform, "counting");
  await counting.runOnce();
  await counting.runOnce();
  await submit(unserved);

  for (const [range, spans] of [
    ["15m", 15],
    ["1h", 60],
    ["24h", 24],
    ["7d", 168],
  ] as const) {
    const { status, body } = await api.ask("GET", `/overview?range=${range}`);
    expect(status).toBe(200);
    expect(body.spans).toHaveLength(spans);
    expect(body.whole).toMatchObject({
      ended: { succeeded: 1, failed: 1, cancelled: 1 },
      money: [{ currency: "EUR", charged_cents: 10, refunded_cents: 4, topped_up_cents: 1_000_000 }],
    });
    expect(body.whole.wait_seconds.p50).toBeGreaterThan(0);
    expect(body.whole.run_seconds.p99).toBeGreaterThanOrEqual(body.whole.run_seconds.p50);
    const inSpans = body.spans.map((span: { ended: { succeeded: number } }) => span.ended.succeeded);
    expect(inSpans.reduce((sum: number, jobs: number) => sum + jobs, 0)).toBe(1);
  }
  const { body } = await api.ask("GET", "/overview");
  expect(body.now).toMatchObject({
    paused_at: null,
    job_types: [
      { job_type_id: unserved, waiting: 1, running: 0 },
      { job_type_id, waiting: 0, running: 1, served: true },
    ],
    runners: 1,
    slots: 1,
    slots_used: 1,
    wallets: [{ currency: "EUR", wallets: 1, held_cents: 20, liability_cents: 999_994, receivable_cents: 0 }],
    uncounted_seconds: 0,
  });
  expect(body.now.priorities[1]).toMatchObject({ priority: 1, running: 1 });
  expect(body.attention).toMatchObject([{ kind: "new_failure", severity: "warn" }]);
  expect(await brokenPromises(platform)).toEqual([]);
});

test("attention: no runner, a type that nobody serves, a paused queue, a long wait, late upkeep", async () => {
  const api = await createTestApi();
  const { platform, databaseUrl } = api;
  const customer_id = await createCustomer(platform);
  const job_type_id = await createJobType(platform);
  const first = await submitJob(platform, { customer_id, job_type_id, input_data: null });
  await submitJob(platform, { customer_id, job_type_id, input_data: null });
  await platform.jobs.cancel(first.id);
  await platform.waitingJobs.setPaused(true);
  await runSql(databaseUrl, "UPDATE jobs SET run_at = now() - interval '61 seconds'");
  await runSql(databaseUrl, "UPDATE ended_jobs SET ended_at = now() - interval '61 seconds'");
  const { body } = await api.ask("GET", "/overview");
  expect(body.attention).toMatchObject([
    { kind: "job_type_without_runner", severity: "bad", subject: job_type_id },
    { kind: "no_runner", severity: "bad", subject: null },
    { kind: "queue_paused", severity: "warn" },
    { kind: "oldest_wait", severity: "warn", subject: "1" },
    { kind: "upkeep_behind", severity: "warn" },
  ]);
});

test("figures that are too old are forgotten", async () => {
  const api = await createTestApi();
  const { platform, databaseUrl } = api;
  const [customer_id, job_type_id] = [await createCustomer(platform), await createJobType(platform)];
  const { id } = await submitJob(platform, { customer_id, job_type_id, input_data: null });
  await platform.jobs.cancel(id);
  await upkeepTask(platform, "counting").runOnce();
  await runSql(databaseUrl, "UPDATE job_counts SET starts_at = starts_at - interval '3 days'");
  await upkeepTask(platform, "expiry").runOnce();
  const { rows } = await runSql(databaseUrl, "SELECT span FROM job_counts");
  expect(rows).toEqual([{ span: "hour" }]);
  expect((await api.ask("GET", "/overview?range=7d")).body.whole.ended.cancelled).toBe(1);
});
