import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { brokenPromises } from "../../../../test/support/test-platform.ts";
import { createTestApi, type TestApi } from "../../test-api.ts";

let api: TestApi;
let yen: string;
let key: string;
let euroType: string;
let name = 0;

beforeAll(async () => {
  api = await createTestApi();
});

const createType = async (more: object) =>
  (
    await api.ask("POST", "/job-types", {
      body: { name: `Type ${(name += 1)}`, processing_logic_id: "echo", standard_cost_cents: 10, ...more },
    })
  ).body.id as string;

beforeEach(async () => {
  const body = { name: "Yuki", email: "yuki@example.com", currency: "JPY" };
  yen = (await api.ask("POST", "/customers", { body })).body.id;
  await api.ask("POST", `/customers/${yen}/wallet/top-ups`, { body: { amount_cents: 1000, reference: "r" } });
  key = (await api.ask("POST", `/customers/${yen}/api-keys`)).body.api_key;
  euroType = await createType({});
});

const job = (job_type_id: string, more: object = {}) => ({ job_type_id, input_data: 1, ...more });
const submit = (job_type_id: string, more: object = {}) =>
  api.ask("POST", "/jobs", { key, body: job(job_type_id, more) });

describe("a price in another currency than the wallet", () => {
  test.each([
    ["a submission", (type: string) => submit(type)],
    ["a scheduled one", (type: string) => submit(type, { run_at: "2030-01-01T00:00:00Z" })],
    ["an estimate", (type: string) => api.ask("POST", "/jobs/estimate", { key, body: job(type) })],
    [
      "a keyed one",
      (type: string) =>
        api.ask("POST", "/jobs", { key, body: job(type), headers: { "idempotency-key": "k" } }),
    ],
  ])("refuses %s, names both currencies and the way out, and stores nothing", async (_what, ask) => {
    const { status, body } = await ask(euroType);
    expect([status, body.code]).toEqual([422, "currency_mismatch"]);
    expect(body).toMatchObject({ price_currency: "EUR", wallet_currency: "JPY" });
    expect(body.errors).toEqual([{ pointer: "/job_type_id", message: "has no price in JPY" }]);
    expect(body.detail).toContain(`PUT /job-types/${euroType}/prices/${yen}`);
    expect((await api.ask("GET", "/jobs", { key })).body.data).toEqual([]);
    expect((await api.ask("GET", `/customers/${yen}/wallet`)).body.pending_charges_cents).toBe(0);
    expect(await brokenPromises(api.platform)).toEqual([]);
  });

  test("refuses only its own jobs of a batch, in one large batch too", async () => {
    const yenType = await createType({ currency: "JPY" });
    const jobs = Array.from({ length: 20 }, (_, n) => job(n % 2 ? euroType : yenType));
    const { body } = await api.ask("POST", "/jobs/batch", { key, body: { jobs } });
    expect(body.results.map(({ status }: { status: number }) => status)).toEqual(
      jobs.map((_, n) => (n % 2 ? 422 : 201)),
    );
    expect(body.results[1].problem.code).toBe("currency_mismatch");
    const all = Array.from({ length: 20 }, () => job(euroType));
    const none = await api.ask("POST", "/jobs/batch", { key, body: { jobs: all } });
    expect(none.body.results.every(({ status }: { status: number }) => status === 422)).toBe(true);
    expect((await api.ask("GET", `/customers/${yen}/wallet`)).body.pending_charges_cents).toBe(100);
  });

  test("refuses a retry after the price changed its currency", async () => {
    const type = await createType({ currency: "JPY" });
    const { id } = (await submit(type)).body;
    await api.ask("POST", `/jobs/${id}/cancel`, { key });
    await api.ask("PATCH", `/job-types/${type}`, { body: { currency: "EUR" } });
    expect((await api.ask("POST", `/jobs/${id}/retry`, { key })).body.code).toBe("currency_mismatch");
  });

  test("is no matter where the customer has a price of its own, or the job type costs nothing", async () => {
    const set = await api.ask("PUT", `/job-types/${euroType}/prices/${yen}`, { body: { cost_cents: 7 } });
    expect(set.body).toMatchObject({ cost_cents: 7, currency: "JPY" });
    expect((await submit(euroType)).body.estimated_cost_cents).toBe(7);
    expect((await submit(await createType({ standard_cost_cents: 0 }))).status).toBe(201);
    await api.ask("DELETE", `/job-types/${euroType}/prices/${yen}`);
    expect((await submit(euroType)).status).toBe(422);
    const history = (await api.ask("GET", `/job-types/${euroType}/prices`)).body.data;
    expect(history.map((one: { currency: string | null }) => one.currency)).toEqual([null, "JPY", "EUR"]);
  });
});

test("a change of the currency alone is in the history of prices", async () => {
  await api.ask("PATCH", `/job-types/${euroType}`, { body: { currency: "USD" } });
  const { data } = (await api.ask("GET", `/job-types/${euroType}/prices`)).body;
  expect(data.map(({ cost_cents, currency }: never) => [cost_cents, currency])).toEqual([
    [10, "USD"],
    [10, "EUR"],
  ]);
});

test.each(["ZZZ", "XXX", "XTS", "DEM", "eur", "EU", "", "EURO", 978, null])(
  "%j is no currency, of a customer or of a price",
  async (currency) => {
    const customer = await api.ask("POST", "/customers", {
      body: { name: "x", email: "x@example.com", currency },
    });
    expect([customer.status, customer.body.errors[0].pointer]).toEqual([422, "/currency"]);
    const type = await api.ask("PATCH", `/job-types/${euroType}`, { body: { currency } });
    expect([type.status, type.body.errors[0].pointer]).toEqual([422, "/currency"]);
  },
);

test("a statement has the decimals of its currency", async () => {
  const { text } = await api.ask("GET", `/customers/${yen}/wallet/entries`, {
    headers: { accept: "text/csv" },
  });
  expect(text.split("\r\n")[1]).toMatch(/^1,[^,]+,top_up,1000,1000,.*,1000,1000,JPY$/);
  const body = { name: "Noor", email: "noor@example.com", currency: "KWD" };
  const { id } = (await api.ask("POST", "/customers", { body })).body;
  await api.ask("POST", `/customers/${id}/wallet/adjustments`, {
    body: { amount_cents: 50, reference: "a", reason: "b" },
  });
  await api.ask("POST", `/customers/${id}/wallet/adjustments`, {
    body: { amount_cents: -7, reference: "c", reason: "d" },
  });
  const dinars = await api.ask("GET", `/customers/${id}/wallet/entries`, { headers: { accept: "text/csv" } });
  expect(dinars.text.split("\r\n")[1]).toMatch(/,-0\.007,0\.043,KWD$/);
});

describe("what a customer sees of the job types", () => {
  const list = async () => (await api.ask("GET", "/job-types", { key })).body.data;

  test("are those that it can submit, each with its own price, and nothing of the inside", async () => {
    const schema = { type: "object" };
    const free = await createType({ standard_cost_cents: 0 });
    const yenType = await createType({ currency: "JPY", standard_cost_cents: 20, input_schema: schema });
    const disabled = await createType({ currency: "JPY", enabled: false });
    await api.ask("PUT", `/job-types/${euroType}/prices/${yen}`, { body: { cost_cents: 7 } });
    const offers = await list();
    expect(
      offers.slice(0, 3).map(({ id, cost_cents, currency }: never) => [id, cost_cents, currency]),
    ).toEqual([
      [yenType, 20, "JPY"],
      [free, 0, "JPY"],
      [euroType, 7, "JPY"],
    ]);
    expect(offers[0]).toEqual({
      id: yenType,
      name: expect.any(String),
      cost_cents: 20,
      currency: "JPY",
      max_attempts: 3,
      timeout_seconds: 300,
      input_schema: schema,
    });
    expect((await api.ask("GET", `/job-types/${yenType}`, { key })).body).toEqual(offers[0]);
    expect((await api.ask("GET", `/job-types/${disabled}`, { key })).status).toBe(404);
    const first = (await api.ask("GET", "/job-types?limit=1", { key })).body;
    const next = (await api.ask("GET", `/job-types?limit=1&cursor=${first.next_cursor}`, { key })).body;
    expect([first.data[0].id, next.data[0].id]).toEqual([yenType, free]);
  });

  test("have no price of another customer, and cannot be changed", async () => {
    const body = { name: "Other", email: "other@example.com" };
    const other = (await api.ask("POST", "/customers", { body })).body.id;
    const otherKey = (await api.ask("POST", `/customers/${other}/api-keys`)).body.api_key;
    await api.ask("PUT", `/job-types/${euroType}/prices/${yen}`, { body: { cost_cents: 7 } });
    const seen = await api.ask("GET", `/job-types/${euroType}`, { key: otherKey });
    expect(seen.body).toMatchObject({ cost_cents: 10, currency: "EUR" });
    for (const [method, path] of [
      ["POST", "/job-types"],
      ["PATCH", `/job-types/${euroType}`],
      ["POST", `/job-types/${euroType}/pause`],
      ["GET", `/job-types/${euroType}/prices`],
      ["GET", "/customers?email=yuki@example.com"],
    ] as const)
      expect((await api.ask(method, path, { key, body: method === "GET" ? undefined : {} })).status).toBe(
        403,
      );
  });
});
