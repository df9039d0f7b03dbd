import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { v7 as uuidv7 } from "uuid";
import { createCustomer, createJobType, createRunner } from "../../../../test/support/test-platform.ts";
import { createTestApi, type TestApi } from "../../test-api.ts";

let api: TestApi;
let type: string;
let customer_id: string;
beforeAll(async () => {
  api = await createTestApi();
});
beforeEach(async () => {
  type = await createJobType(api.platform, { standard_cost_cents: 10 });
  customer_id = await createCustomer(api.platform, 1_000);
});

const submit = (more: object = {}) =>
  api.ask("POST", "/jobs", { body: { customer_id, job_type_id: type, input_data: null, ...more } });
const setPrice = (cost_cents: unknown, customer = customer_id) =>
  api.ask("PUT", `/job-types/${type}/prices/${customer}`, { body: { cost_cents } });
const quoted = async () => (await submit()).body.estimated_cost_cents;

test("a customer's own price is quoted to that customer alone, until it ends; accepted jobs keep theirs", async () => {
  const before = (await submit()).body;
  expect((await setPrice(4)).body).toMatchObject({ customer_id, job_type_id: type, cost_cents: 4 });
  expect(await quoted()).toBe(4);
  await setPrice(0);
  expect(await quoted()).toBe(0);
  const other = await createCustomer(api.platform, 1_000);
  expect((await submit({ customer_id: other })).body.estimated_cost_cents).toBe(10);
  expect((await api.ask("DELETE", `/job-types/${type}/prices/${customer_id}`)).status).toBe(204);
  expect(await quoted()).toBe(10);
  expect((await api.ask("GET", `/jobs/${before.id}`)).body.estimated_cost_cents).toBe(10);
  expect((await api.ask("DELETE", `/job-types/${type}/prices/${customer_id}`)).status).toBe(404);
});

test("a customer with too little for all is still quoted their own price, job by job", async () => {
  await setPrice(400);
  const jobs = Array.from({ length: 3 }, () => ({ customer_id, job_type_id: type, input_data: null }));
  const { body } = await api.ask("POST", "/jobs/batch", { body: { jobs } });
  expect(body.results.map(({ status }: { status: number }) => status)).toEqual([201, 201, 402]);
  expect(body.results[2].problem.required_cents).toBe(400);
});

test("every price that held is in the history, newest first, in pages", async () => {
  await setPrice(4);
  await setPrice(4);
  await api.ask("PATCH", `/job-types/${type}`, { body: { standard_cost_cents: 12 } });
  await api.ask("PATCH", `/job-types/${type}`, { body: { name: `Renamed ${type}` } });
  await api.ask("DELETE", `/job-types/${type}/prices/${customer_id}`);
  const first = (await api.ask("GET", `/job-types/${type}/prices?limit=3`)).body;
  const rest = (await api.ask("GET", `/job-types/${type}/prices?limit=3&cursor=${first.next_cursor}`)).body;
  expect(
    [...first.data, ...rest.data].map(({ customer_id: whose, cost_cents }) => [whose, cost_cents]),
  ).toEqual([
    [customer_id, null],
    [null, 12],
    [customer_id, 4],
    [null, 10],
  ]);
  expect(rest.next_cursor).toBeNull();
});

test("prices of nobody, for nothing, or that are none are refused", async () => {
  expect((await setPrice(4, uuidv7())).status).toBe(404);
  const noType = await api.ask("PUT", `/job-types/${uuidv7()}/prices/${customer_id}`, {
    body: { cost_cents: 1 },
  });
  expect(noType.status).toBe(404);
  expect((await api.ask("GET", `/job-types/${uuidv7()}/prices`)).status).toBe(404);
  for (const cost of [-1, 1.5, "4", null, 1e13])
    expect((await setPrice(cost)).body.errors[0].pointer).toBe("/cost_cents");
});

describe("POST /jobs/estimate", () => {
  const estimate = (more: object = {}) =>
    api.ask("POST", "/jobs/estimate", {
      body: { customer_id, job_type_id: type, input_data: null, ...more },
    });

  test("answers the price, what the wallet says, and holds nothing", async () => {
    await setPrice(4);
    expect((await estimate()).body).toEqual({
      customer_id,
      job_type_id: type,
      priority: 1,
      estimated_cost_cents: 4,
      currency: "EUR",
      available_cents: 1_000,
      affordable: true,
      refusal: null,
      expected_wait_seconds: null,
    });
    await api.ask("PATCH", `/job-types/${type}`, { body: { standard_cost_cents: 2_000 } });
    await api.ask("DELETE", `/job-types/${type}/prices/${customer_id}`);
    expect((await estimate()).body).toMatchObject({ affordable: false, refusal: "insufficient_funds" });
    await api.ask("PATCH", `/customers/${customer_id}/wallet`, {
      body: { credit_limit_cents: 5_000, monthly_spend_limit_cents: 100 },
    });
    expect((await estimate()).body).toMatchObject({ affordable: false, refusal: "spend_limit_reached" });
    await api.ask("PATCH", `/customers/${customer_id}/wallet`, { body: { frozen: true } });
    expect((await estimate()).body).toMatchObject({ affordable: false, refusal: "wallet_frozen" });
    expect((await api.ask("GET", `/customers/${customer_id}/wallet`)).body.pending_charges_cents).toBe(0);
  });

  test("tells how long the next in the priority has waited, where somebody could run it", async () => {
    await createRunner(api.platform);
    await submit({ priority: 2 });
    expect((await estimate({ priority: 2 })).body.expected_wait_seconds).toBeGreaterThan(0);
    expect((await estimate({ priority: 0 })).body.expected_wait_seconds).toBe(0);
    expect((await estimate({ run_at: "2030-01-01T00:00:00Z" })).body.expected_wait_seconds).toBeNull();
    await api.ask("POST", `/job-types/${type}/pause`);
    expect((await estimate({ priority: 2 })).body.expected_wait_seconds).toBeNull();
  });

  test("refuses what a submission would refuse", async () => {
    const strict = await createJobType(api.platform, { input_schema: { type: "string" } });
    const disabled = await createJobType(api.platform, { enabled: false });
    const code = async (more: object) => (await estimate(more)).body.code;
    expect(await code({ customer_id: uuidv7() })).toBe("unknown_customer");
    expect(await code({ job_type_id: uuidv7() })).toBe("unknown_job_type");
    expect(await code({ job_type_id: disabled })).toBe("job_type_disabled");
    expect(await code({ job_type_id: strict })).toBe("input_invalid");
    expect(await code({ input_data: "\u0000" })).toBe("validation_failed");
    await api.ask("PATCH", `/customers/${customer_id}`, { body: { active: false } });
    expect(await code({})).toBe("customer_inactive");
  });
});
