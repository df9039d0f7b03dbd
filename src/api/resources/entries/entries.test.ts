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

const topUp = (id: string, body: object) => move(id, "top-ups", body);
const move = (id: string, what: string, body: object) =>
  api.ask("POST", `/customers/${id}/wallet/${what}`, { body });
const wallet = async (id: string) => (await api.ask("GET", `/customers/${id}/wallet`)).body;
const setWallet = (id: string, body: object) => api.ask("PATCH", `/customers/${id}/wallet`, { body });
const submit = (customer_id: string) =>
  api.ask("POST", "/jobs", { body: { customer_id, job_type_id, input_data: null } });
const entries = async (id: string) => (await api.ask("GET", `/customers/${id}/wallet/entries`)).body.data;

test("a top-up moves money once, however often its reference is sent", async () => {
  const id = await createCustomer(api.platform, 0);
  const first = await topUp(id, { amount_cents: 500, reference: "invoice 7" });
  expect(first.status).toBe(201);
  expect(first.body).toMatchObject({
    seq: 1,
    kind: "top_up",
    amount_cents: 500,
    balance_after_cents: 500,
    reference: "invoice 7",
  });
  const again = await topUp(id, { amount_cents: 500, reference: "invoice 7" });
  expect(again.status).toBe(200);
  expect(again.body).toEqual(first.body);
  expect((await api.ask("GET", `/customers/${id}/wallet`)).body.current_balance_cents).toBe(500);
});

test("a reference that stands for another amount is refused, and nothing moves", async () => {
  const id = await createCustomer(api.platform, 0);
  await topUp(id, { amount_cents: 500, reference: "invoice 8" });
  const { status, body } = await topUp(id, { amount_cents: 501, reference: "invoice 8" });
  expect([status, body.code]).toEqual([409, "reference_reused"]);
  expect((await api.ask("GET", `/customers/${id}/wallet`)).body.current_balance_cents).toBe(500);
});

test.each([
  [{ amount_cents: 0, reference: "r" }, "/amount_cents", "must be at least 1"],
  [{ amount_cents: -5, reference: "r" }, "/amount_cents", "must be at least 1"],
  [{ amount_cents: 1.5, reference: "r" }, "/amount_cents", "must be an integer"],
  [{ amount_cents: "500", reference: "r" }, "/amount_cents", "must be a number"],
  [{ amount_cents: 1_000_000_000_001, reference: "r" }, "/amount_cents", "must be at most 1000000000000"],
  [{ amount_cents: 1e300, reference: "r" }, "/amount_cents", "must be at most 9007199254740991"],
  [{ reference: "r" }, "/amount_cents", "is required"],
  [{ amount_cents: 1 }, "/reference", "is required"],
  [{ amount_cents: 1, reference: "" }, "/reference", "must not be empty"],
  [{ amount_cents: 1, reference: "a\u0000b" }, "/reference", "must have no control characters"],
  [{ amount_cents: 1, reference: "x".repeat(201) }, "/reference", "must have at most 200 characters"],
  [
    { amount_cents: 1, reference: "r", reason: "x" },
    "/reason",
    "is not a known field; known fields are amount_cents, reference",
  ],
])("the top-up %j is refused at %s", async (body, pointer, message) => {
  const id = await createCustomer(api.platform, 0);
  const answer = await topUp(id, body);
  expect(answer.status).toBe(422);
  expect(answer.body.errors).toContainEqual({ pointer, message });
  expect((await api.ask("GET", `/customers/${id}/wallet/entries`)).body.data).toEqual([]);
});

test("a wallet cannot grow beyond what JSON numbers hold", async () => {
  const id = await createCustomer(api.platform, 0);
  for (let n = 0; n < 3; n += 1) await topUp(id, { amount_cents: 1_000_000_000_000, reference: `${n}` });
  expect((await api.ask("GET", `/customers/${id}/wallet`)).body.current_balance_cents).toBe(
    3_000_000_000_000,
  );
});

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
  ["POST", "/customers/{id}/wallet/grants", { amount_cents: 1, reference: "r" }],
  ["POST", "/customers/{id}/wallet/adjustments", { amount_cents: 1, reference: "r", reason: "r" }],
  ["POST", "/customers/{id}/wallet/chargebacks", { amount_cents: 1, reference: "r" }],
  ["POST", "/wallets/batch", { postings: [] }],
] as const)("a customer's key may not %s %s", async (method, path, body) => {
  const id = await createCustomer(api.platform, 0);
  const key = (await api.ask("POST", `/customers/${id}/api-keys`)).body.api_key;
  const { status } = await api.ask(method, path.replace("{id}", id), { key, body });
  expect(status).toBe(403);
  expect(await entries(id)).toEqual([]);
});

describe("a reference in two spellings", () => {
  test.each([
    ["composed and decomposed", "caf\u00e9 42", "cafe\u0301 42"],
    ["with blanks around it", "plain 42", " plain 42 "],
    ["Hangul", "\uac01", "\u1100\u1161\u11a8"],
  ])("moves money once: %s", async (_what, one, other) => {
    const id = await createCustomer(api.platform, 0);
    expect((await topUp(id, { amount_cents: 100, reference: one })).status).toBe(201);
    const again = await topUp(id, { amount_cents: 100, reference: other });
    expect([again.status, again.body.reference]).toEqual([200, one]);
    expect((await api.ask("GET", `/customers/${id}/wallet`)).body.current_balance_cents).toBe(100);
  });

  test("also where it was stored decomposed, before there was one form", async () => {
    const id = await createCustomer(api.platform, 0);
    const reference = "cafe\u0301";
    const posting = { customer_id: id, kind: "top_up", amount_cents: 100, reference } as const;
    await api.platform.wallets.post(posting, "test");
    for (const sent of [reference, "caf\u00e9"]) {
      const body = { amount_cents: 100, reference: sent };
      expect((await api.ask("POST", `/customers/${id}/wallet/top-ups`, { body })).status).toBe(200);
    }
    const postings = [{ ...posting, reference: "caf\u00e9" }];
    const batch = await api.ask("POST", "/wallets/batch", { body: { postings } });
    expect(batch.body.results[0]).toMatchObject({ status: 200, entry: { reference } });
    expect((await api.ask("GET", `/customers/${id}/wallet`)).body.current_balance_cents).toBe(100);
  });

  test.each(["top-ups", "grants", "adjustments", "chargebacks"])(
    "is refused on %s where the difference cannot be seen",
    async (route) => {
      const id = await createCustomer(api.platform, 1_000);
      for (const hidden of ["\u200b", "\u200d", "\u2066", "\u00ad", "\u00a0"]) {
        const { status, body } = await api.ask("POST", `/customers/${id}/wallet/${route}`, {
          body: { amount_cents: 1, reference: `in${hidden}voice`, reason: "r" },
        });
        expect([status, body.errors?.[0].pointer]).toEqual([422, "/reference"]);
        expect(body.errors[0].message).toMatch(/it has U\+[0-9A-F]{4}$/);
      }
    },
  );
});
