import { beforeAll, describe, expect, test } from "vitest";
import { runSql } from "../../../../test/support/sql.ts";
import {
  brokenPromises,
  createCustomer,
  createJobType,
  createRunner,
} from "../../../../test/support/test-platform.ts";
import { createTestApi, type TestApi } from "../../test-api.ts";

const PRICE_CENTS = 30;

let api: TestApi;
let job_type_id: string;
beforeAll(async () => {
  api = await createTestApi();
  job_type_id = await createJobType(api.platform, { standard_cost_cents: PRICE_CENTS });
});

const move = (id: string, what: string, body: object) =>
  api.ask("POST", `/customers/${id}/wallet/${what}`, { body });
const wallet = async (id: string) => (await api.ask("GET", `/customers/${id}/wallet`)).body;
const setWallet = (id: string, body: object) => api.ask("PATCH", `/customers/${id}/wallet`, { body });
const submit = (customer_id: string) =>
  api.ask("POST", "/jobs", { body: { customer_id, job_type_id, input_data: null } });

async function paidJob(customer_id: string, cost_cents?: number): Promise<string> {
  const { body: job } = await submit(customer_id);
  const claimed = await api.platform.jobs.setStarted(job.id, await createRunner(api.platform));
  const attempt = claimed?.attempt ?? 0;
  await api.platform.jobs.setCompleted({ id: job.id, attempt, kind: "succeeded", output: null, cost_cents });
  return job.id;
}

test("what a job holds is pending, and no longer available", async () => {
  const id = await createCustomer(api.platform, 100);
  await api.ask("POST", "/jobs", { body: { customer_id: id, job_type_id, input_data: null } });
  expect((await api.ask("GET", `/customers/${id}/wallet`)).body).toMatchObject({
    current_balance_cents: 100,
    pending_charges_cents: 30,
    available_cents: 70,
  });
});

describe("limits", () => {
  test("a credit limit is spent below zero, and may not be lowered under what is used", async () => {
    const id = await createCustomer(api.platform, 10);
    expect((await submit(id)).status).toBe(402);
    await setWallet(id, { credit_limit_cents: 50 });
    expect((await wallet(id)).available_cents).toBe(60);
    expect([(await submit(id)).status, (await submit(id)).status, (await submit(id)).status]).toEqual([
      201, 201, 402,
    ]);
    const lower = await setWallet(id, { credit_limit_cents: 49 });
    expect([lower.status, lower.body.code]).toEqual([402, "insufficient_funds"]);
    await paidJob(await createCustomer(api.platform, 100));
    expect(await brokenPromises(api.platform)).toEqual([]);
  });

  test("a month's spend limit counts what was charged and what is held", async () => {
    const id = await createCustomer(api.platform, 1_000);
    await setWallet(id, { monthly_spend_limit_cents: 100 });
    await paidJob(id, 20);
    expect([(await submit(id)).status, (await submit(id)).status]).toEqual([201, 201]);
    const { status, body } = await submit(id);
    expect([status, body]).toMatchObject([
      402,
      {
        code: "spend_limit_reached",
        required_cents: 30,
        monthly_spend_limit_cents: 100,
        month_spent_cents: 20,
        pending_charges_cents: 60,
      },
    ]);
    const batch = await api.ask("POST", "/jobs/batch", {
      body: { jobs: [{ customer_id: id, job_type_id, input_data: 1 }] },
    });
    expect(batch.body.results[0].problem.code).toBe("spend_limit_reached");
    await setWallet(id, { monthly_spend_limit_cents: null });
    expect((await submit(id)).status).toBe(201);
  });

  test("what was spent in an earlier month does not count", async () => {
    const id = await createCustomer(api.platform, 1_000);
    await setWallet(id, { monthly_spend_limit_cents: 30 });
    await paidJob(id);
    expect((await submit(id)).body.code).toBe("spend_limit_reached");
    await runSql(
      api.databaseUrl,
      "UPDATE wallets SET spend_month = spend_month - interval '1 month' WHERE customer_id = $1",
      [id],
    );
    expect((await wallet(id)).month_spent_cents).toBe(0);
    await paidJob(id, 5);
    expect((await wallet(id)).month_spent_cents).toBe(5);
    // The ledger has this test's charges in one month: put right what was set back.
    await runSql(api.databaseUrl, "UPDATE wallets SET month_spent_cents = 35 WHERE customer_id = $1", [id]);
  });

  test("a balance that falls below its threshold writes one event, and again after it rose", async () => {
    const id = await createCustomer(api.platform, 100);
    await setWallet(id, { low_balance_cents: 50 });
    const events = async () =>
      (
        await runSql(api.databaseUrl, "SELECT kind, payload FROM outbox WHERE customer_id = $1 ORDER BY id", [
          id,
        ])
      ).rows;
    await paidJob(id);
    expect(await events()).toEqual([]);
    await paidJob(id);
    await paidJob(id);
    const first = { kind: "low_balance", payload: { current_balance_cents: 40, low_balance_cents: 50 } };
    expect(await events()).toEqual([first]);
    await move(id, "top-ups", { amount_cents: 100, reference: "more" });
    await move(id, "adjustments", { amount_cents: -61, reference: "less", reason: "Mistake" });
    expect(await events()).toEqual([
      first,
      { kind: "low_balance", payload: { current_balance_cents: 49, low_balance_cents: 50 } },
    ]);
  });
});

test("a customer's key may not unfreeze a wallet", async () => {
  const id = await createCustomer(api.platform, 0);
  const key = (await api.ask("POST", `/customers/${id}/api-keys`)).body.api_key;
  await setWallet(id, { frozen: true });
  const { status } = await api.ask("PATCH", `/customers/${id}/wallet`, { key, body: { frozen: false } });
  expect(status).toBe(403);
  expect((await wallet(id)).frozen_at).not.toBeNull();
});
