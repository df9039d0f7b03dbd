import { v7 as uuidv7 } from "uuid";
import { expect, test } from "vitest";
import { submitJobs } from "../../core/use-cases/submit-jobs.ts";
import { connect } from "../../../test/support/sql.ts";
import {
  createCustomer,
  createJobType,
  createRunner,
  createTestPlatform,
} from "../../../test/support/test-platform.ts";

test("the queue: what waits, what runs, and the runners that live", async () => {
  const { platform, databaseUrl } = await createTestPlatform();
  const empty = await platform.gauges.queue();
  expect(empty).toMatchObject({ running: 0, runners: 0, slots: 0, unserved: 0, queue_paused: false });
  expect(empty.size_bytes).toBeGreaterThan(1_000_000);

  const [customer_id, job_type_id] = [await createCustomer(platform), await createJobType(platform)];
  await submitJobs(
    platform,
    Array.from({ length: 5 }, (_, n) => ({ customer_id, job_type_id, priority: 2, input_data: n })),
  );
  expect(await platform.gauges.queue()).toMatchObject({ unserved: 5 });
  const runner_id = await createRunner(platform);
  const dead = await createRunner(platform);
  const client = await connect(databaseUrl);
  await client.query("UPDATE runners SET heartbeat_at = now() - interval '11 seconds' WHERE id = $1", [dead]);
  await platform.jobs.claimTurns({ runner_id, max: 2 });
  await platform.waitingJobs.setPaused(true);
  const { priorities, ...figures } = await platform.gauges.queue();
  expect(figures).toMatchObject({ running: 2, runners: 1, slots: 1, unserved: 0, queue_paused: true });
  expect(priorities.map(({ backlog }) => backlog)).toEqual([0, 0, 3]);
});

test("a transaction that somebody left open is seen by its age", async () => {
  const { platform, databaseUrl } = await createTestPlatform();
  const client = await connect(databaseUrl);
  await client.query("BEGIN; SELECT pg_sleep(0.3)");
  expect((await platform.gauges.queue()).oldest_transaction_seconds).toBeGreaterThan(0.25);
  await client.query("COMMIT");
});

test("money: by currency, with what was charged in this month alone", async () => {
  const { platform, databaseUrl } = await createTestPlatform();
  expect(await platform.gauges.money()).toEqual([]);
  const one = await createCustomer(platform, 1_000);
  const other = await createCustomer(platform, 500);
  const yen = uuidv7();
  await platform.customers.create({ id: yen, name: "Yen", email: "yen@example.com", currency: "JPY" });
  const job_type_id = await createJobType(platform, { standard_cost_cents: 30 });
  await submitJobs(
    platform,
    [one, one, other].map((customer_id, n) => ({ customer_id, job_type_id, input_data: n })),
  );
  const runner_id = await createRunner(platform);
  const [claimed] = await platform.jobs.claimTurns({ runner_id, max: 1 });
  await platform.jobs.settle([{ id: claimed?.id ?? "", attempt: 1, kind: "succeeded", output: null }]);
  const client = await connect(databaseUrl);
  await client.query("UPDATE wallets SET frozen_at = now(), low_balance_cents = 600 WHERE customer_id = $1", [
    other,
  ]);
  const euros = {
    currency: "EUR",
    balance_cents: 1_470,
    held_cents: 60,
    charged_cents: 30,
    wallets: 2,
    frozen: 1,
    low: 1,
  };
  const money = await platform.gauges.money();
  expect(money.find(({ currency }) => currency === "EUR")).toEqual(euros);
  expect(money.find(({ currency }) => currency === "JPY")).toMatchObject({ wallets: 1, balance_cents: 0 });
  await client.query("UPDATE wallets SET spend_month = spend_month - interval '1 month'");
  const later = await platform.gauges.money();
  expect(later.find(({ currency }) => currency === "EUR")).toEqual({ ...euros, charged_cents: 0 });
});

test("waits: from the moment a job is due, and only of attempts that are still the last", async () => {
  const { platform, databaseUrl } = await createTestPlatform();
  const [customer_id, job_type_id] = [await createCustomer(platform), await createJobType(platform)];
  await submitJobs(
    platform,
    [0, 1, 2].map((n) => ({ customer_id, job_type_id, priority: 0, input_data: n })),
  );
  const client = await connect(databaseUrl);
  await client.query("UPDATE jobs SET run_at = now() - interval '90 seconds'");
  const claimed = await platform.jobs.claimTurns({ runner_id: await createRunner(platform), max: 3 });
  const [first, second, third] = claimed;
  await client.query("UPDATE jobs SET run_at = started_at + interval '1 hour' WHERE id = $1", [second?.id]);
  await client.query("UPDATE jobs SET attempt = 2 WHERE id = $1", [third?.id]);
  const waits = await platform.gauges.waits(claimed);
  expect(waits).toEqual([{ priority: first?.priority, waited_seconds: expect.closeTo(90, -1) }]);
});

test("reading waits for no lock", async () => {
  const { platform, databaseUrl } = await createTestPlatform();
  const client = await connect(databaseUrl);
  await client.query("BEGIN; LOCK TABLE wallets IN ACCESS EXCLUSIVE MODE");
  const started_at = performance.now();
  await expect(platform.gauges.money()).rejects.toMatchObject({ code: "unavailable" });
  expect(performance.now() - started_at).toBeLessThan(5_000);
  await client.query("ROLLBACK");
});
