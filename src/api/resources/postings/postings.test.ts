import { beforeAll, describe, expect, test } from "vitest";
import { v7 as uuidv7 } from "uuid";
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
const entries = async (id: string) => (await api.ask("GET", `/customers/${id}/wallet/entries`)).body.data;

async function paidJob(customer_id: string, cost_cents?: number): Promise<string> {
  const { body: job } = await submit(customer_id);
  const claimed = await api.platform.jobs.setStarted(job.id, await createRunner(api.platform));
  const attempt = claimed?.attempt ?? 0;
  await api.platform.jobs.setCompleted({ id: job.id, attempt, kind: "succeeded", output: null, cost_cents });
  return job.id;
}

describe("grants and adjustments", () => {
  test("a grant is money that nobody paid, once by its reference", async () => {
    const id = await createCustomer(api.platform, 0);
    const first = await move(id, "grants", {
      amount_cents: 500,
      reference: "welcome",
      reason: "Free credit",
    });
    const again = await move(id, "grants", {
      amount_cents: 500,
      reference: "welcome",
      reason: "Free credit",
    });
    expect([first.status, again.status]).toEqual([201, 200]);
    expect(again.body).toEqual(first.body);
    expect(first.body).toMatchObject({ kind: "grant", balance_after_cents: 500, actor: "admin" });
  });

  test("an adjustment goes up and down, but not below what is available", async () => {
    const id = await createCustomer(api.platform, 100);
    await submit(id);
    const down = await move(id, "adjustments", {
      amount_cents: -70,
      reference: "1",
      reason: "Counted twice",
    });
    expect([down.status, down.body.balance_after_cents]).toEqual([201, 30]);
    const below = await move(id, "adjustments", { amount_cents: -1, reference: "2", reason: "More" });
    expect([below.status, below.body]).toMatchObject([
      402,
      { code: "insufficient_funds", required_cents: 1, available_cents: 0, pending_charges_cents: 30 },
    ]);
    const up = await move(id, "adjustments", { amount_cents: 5, reference: "3", reason: "Back" });
    expect(up.body.balance_after_cents).toBe(35);
    expect((await entries(id)).map(({ kind }: { kind: string }) => kind)).toEqual([
      "adjustment",
      "adjustment",
      "top_up",
    ]);
  });

  test("one reference stands for one kind of movement", async () => {
    const id = await createCustomer(api.platform, 0);
    await move(id, "grants", { amount_cents: 5, reference: "x" });
    const { status, body } = await move(id, "top-ups", { amount_cents: 5, reference: "x" });
    expect([status, body.code]).toEqual([409, "reference_reused"]);
  });
});

describe("refunds", () => {
  const refund = (job: string, body: object) => api.ask("POST", `/jobs/${job}/refunds`, { body });

  test("give back in parts and then the rest, never more than was charged", async () => {
    const id = await createCustomer(api.platform, 100);
    const job = await paidJob(id);
    const part = await refund(job, { amount_cents: 10, reference: "r1", reason: "Late" });
    expect([part.status, part.body]).toMatchObject([
      201,
      { kind: "refund", amount_cents: 10, balance_after_cents: 80, job_id: job, reason: "Late" },
    ]);
    const tooMuch = await refund(job, { amount_cents: 21, reference: "r2" });
    expect([tooMuch.status, tooMuch.body]).toMatchObject([
      409,
      { code: "refund_exceeds_charge", charged_cents: 30, refunded_cents: 10, refundable_cents: 20 },
    ]);
    expect((await refund(job, { reference: "r3" })).body.amount_cents).toBe(20);
    const twice = await refund(job, { reference: "r4" });
    expect([twice.status, twice.body.code]).toEqual([409, "refund_exceeds_charge"]);
    expect((await wallet(id)).current_balance_cents).toBe(100);
    expect(await brokenPromises(api.platform)).toEqual([]);
  });

  test("the same reference again answers the first entry; of another job or amount it is refused", async () => {
    const id = await createCustomer(api.platform, 100);
    const [job, other] = [await paidJob(id), await paidJob(id)];
    const first = await refund(job, { amount_cents: 10, reference: "s" });
    const again = await refund(job, { amount_cents: 10, reference: "s" });
    expect([again.status, again.body]).toEqual([200, first.body]);
    for (const answer of [
      await refund(job, { amount_cents: 11, reference: "s" }),
      await refund(other, { amount_cents: 10, reference: "s" }),
    ])
      expect([answer.status, answer.body.code]).toEqual([409, "reference_reused"]);
    expect((await wallet(id)).current_balance_cents).toBe(50);
  });

  test("of a job that was charged nothing, or that is not there, are refused", async () => {
    const id = await createCustomer(api.platform, 100);
    const { body: pending } = await submit(id);
    expect((await refund(pending.id, { reference: "t" })).body.code).toBe("refund_exceeds_charge");
    const free = await paidJob(id, 0);
    expect((await refund(free, { reference: "t" })).body.code).toBe("refund_exceeds_charge");
    expect((await refund(uuidv7(), { reference: "t" })).status).toBe(404);
  });

  test("at the same moment give back no more than one could", async () => {
    const id = await createCustomer(api.platform, 100);
    const job = await paidJob(id);
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, n) => refund(job, { amount_cents: 20, reference: `race ${n}` })),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect((await wallet(id)).current_balance_cents).toBe(90);
  });
});

describe("chargebacks", () => {
  test("are recorded whatever the balance is; where too little is left, the wallet is frozen until it is covered", async () => {
    const id = await createCustomer(api.platform, 100);
    const { body: open } = await submit(id);
    const chargeback = await move(id, "chargebacks", { amount_cents: 100, reference: "dispute" });
    expect([chargeback.status, chargeback.body]).toMatchObject([
      201,
      { kind: "chargeback", amount_cents: -100, balance_after_cents: 0 },
    ]);
    expect(await wallet(id)).toMatchObject({ available_cents: 0, frozen_at: expect.any(String) });
    expect((await submit(id)).body.code).toBe("wallet_frozen");
    const early = await setWallet(id, { frozen: false });
    expect([early.status, early.body.code]).toEqual([402, "insufficient_funds"]);

    // What was accepted before runs, and is paid: below zero.
    const claimed = await api.platform.jobs.setStarted(open.id, await createRunner(api.platform));
    const attempt = claimed?.attempt ?? 0;
    await api.platform.jobs.setCompleted({ id: open.id, attempt, kind: "succeeded", output: null });
    expect((await wallet(id)).current_balance_cents).toBe(-30);

    await move(id, "top-ups", { amount_cents: 60, reference: "paid again" });
    expect((await setWallet(id, { frozen: false })).body).toMatchObject({
      frozen_at: null,
      available_cents: 30,
    });
    expect((await submit(id)).status).toBe(201);
    expect(await brokenPromises(api.platform)).toEqual([]);
  });

  test("freeze a wallet that has enough only when asked to", async () => {
    const id = await createCustomer(api.platform, 100);
    await move(id, "chargebacks", { amount_cents: 10, reference: "1" });
    expect((await wallet(id)).frozen_at).toBeNull();
    await move(id, "chargebacks", { amount_cents: 10, reference: "2", freeze: true });
    expect((await wallet(id)).frozen_at).not.toBeNull();
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

test("a batch of movements answers each on its own", async () => {
  const [a, b] = [await createCustomer(api.platform, 0), await createCustomer(api.platform, 50)];
  const posting = (more: object) => ({
    customer_id: a,
    kind: "grant",
    amount_cents: 5,
    reference: "r",
    ...more,
  });
  const { body } = await api.ask("POST", "/wallets/batch", {
    body: {
      postings: [
        posting({}),
        posting({}),
        posting({ amount_cents: 6 }),
        posting({ customer_id: b, kind: "chargeback", amount_cents: -60, reference: "c" }),
        posting({ customer_id: b, kind: "chargeback", amount_cents: 60, reference: "d" }),
        posting({ kind: "adjustment", amount_cents: -1, reference: "e" }),
        posting({ customer_id: uuidv7() }),
        posting({ freeze: true, reference: "f" }),
        "nonsense",
      ],
    },
  });
  expect(
    body.results.map(
      (result: { status: number; problem?: { code: string; errors?: { pointer: string }[] } }) =>
        result.problem
          ? [result.status, result.problem.code, result.problem.errors?.[0]?.pointer]
          : result.status,
    ),
  ).toEqual([
    201,
    200,
    [409, "reference_reused", "/reference"],
    201,
    [422, "validation_failed", "/amount_cents"],
    [422, "validation_failed", "/reason"],
    [404, "not_found", undefined],
    [422, "validation_failed", "/freeze"],
    [422, "validation_failed", ""],
  ]);
  expect((await wallet(a)).current_balance_cents).toBe(5);
  expect(await wallet(b)).toMatchObject({ current_balance_cents: -10, frozen_at: expect.any(String) });
});

test.each(["top-ups", "grants", "adjustments", "chargebacks"])(
  "%s of 0, fractions, text and more than can be counted are refused, and nothing is written",
  async (what) => {
    const id = await createCustomer(api.platform, 0);
    for (const amount_cents of [0, 1.5, "5", null, 2 ** 53, 1e300, -1e300]) {
      const body = { amount_cents, reference: "r", ...(what === "adjustments" ? { reason: "r" } : {}) };
      const answer = await move(id, what, body);
      expect([answer.status, answer.body.errors[0].pointer]).toEqual([422, "/amount_cents"]);
    }
    expect(await entries(id)).toEqual([]);
  },
);

test("a balance beyond what JSON readers count is an error, not a wrap", async () => {
  const id = await createCustomer(api.platform, 0);
  await runSql(
    api.databaseUrl,
    "UPDATE wallets SET current_balance_cents = 8999999999999500 WHERE customer_id = $1",
    [id],
  );
  const { status, body } = await move(id, "top-ups", { amount_cents: 1_000, reference: "r" });
  expect([status, body.errors[0].pointer]).toEqual([422, "/amount_cents"]);
  await runSql(api.databaseUrl, "UPDATE wallets SET current_balance_cents = 0 WHERE customer_id = $1", [id]);
});

test.each([
  ["PATCH", "/customers/{id}/wallet", { frozen: false }],
  ["POST", "/customers/{id}/wallet/grants", { amount_cents: 1, reference: "r" }],
  ["POST", "/customers/{id}/wallet/adjustments", { amount_cents: 1, reference: "r", reason: "r" }],
  ["POST", "/customers/{id}/wallet/chargebacks", { amount_cents: 1, reference: "r" }],
  ["POST", "/wallets/batch", { postings: [] }],
  ["POST", "/jobs/{id}/refunds", { reference: "r" }],
] as const)("a customer's key may not %s %s", async (method, path, body) => {
  const id = await createCustomer(api.platform, 0);
  const key = (await api.ask("POST", `/customers/${id}/api-keys`)).body.api_key;
  const { status } = await api.ask(method, path.replace("{id}", id), { key, body });
  expect(status).toBe(403);
  expect(await entries(id)).toEqual([]);
});
