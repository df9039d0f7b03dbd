import { beforeAll, describe, expect, test } from "vitest";
import { v7 as uuidv7 } from "uuid";
import { createApiKey } from "../../core/model/api-key.ts";
import { createCustomer, createJobType } from "../../../test/support/test-platform.ts";
import { ADMIN_KEY, createTestApi, type TestApi } from "../test-api.ts";

let api: TestApi;
let mine: { id: string; key: string; job: string };
let theirs: typeof mine;
let job_type_id: string;

beforeAll(async () => {
  api = await createTestApi();
  job_type_id = await createJobType(api.platform);
  mine = await createTenant();
  theirs = await createTenant();
});

async function createTenant() {
  const id = await createCustomer(api.platform);
  const key = (await api.ask("POST", `/customers/${id}/api-keys`)).body.api_key;
  const job = (await api.ask("POST", "/jobs", { key, body: { job_type_id, input_data: id } })).body.id;
  return { id, key, job };
}

const outcome = ({ status, body }: { status: number; body: { code?: string } }) =>
  `${status} ${body?.code ?? ""}`.trim();

describe("without a valid key", () => {
  test("there is no way in, and the answer says which kind of key to bring", async () => {
    const answer = await api.ask("GET", "/jobs", { key: null });
    expect(outcome(answer)).toBe("401 missing_api_key");
    expect(answer.headers["www-authenticate"]).toBe("Bearer");
  });

  test.each([
    ["an unknown key", `Bearer ${createApiKey().api_key}`],
    ["half the admin key", `Bearer ${ADMIN_KEY.slice(0, -1)}`],
    ["another scheme", `Basic ${Buffer.from("admin:admin").toString("base64")}`],
    ["no key after the scheme", "Bearer"],
    ["a key without its scheme", ADMIN_KEY],
    ["a key with a quote", "Bearer iep_' OR 1=1 --"],
    ["a very long key", `Bearer ${"x".repeat(8_000)}`],
  ])("%s is refused", async (_what, authorization) => {
    const answer = await api.ask("GET", "/jobs", { key: null, headers: { authorization } });
    expect(outcome(answer)).toBe("401 invalid_api_key");
    expect(answer.headers["www-authenticate"]).toBe("Bearer");
  });

  test("the key is asked for before the body is looked at", async () => {
    expect(outcome(await api.ask("POST", "/jobs", { key: null, raw: "{not json" }))).toBe(
      "401 missing_api_key",
    );
  });

  test("the scheme may be written in any case", async () => {
    expect(
      (await api.ask("GET", "/jobs", { key: null, headers: { authorization: `bearer ${ADMIN_KEY}` } }))
        .status,
    ).toBe(200);
  });
});

describe("a customer's key", () => {
  test("opens what is that customer's", async () => {
    const { id, key, job } = mine;
    const answers = await Promise.all([
      api.ask("GET", `/customers/${id}`, { key }),
      api.ask("GET", `/customers/${id.toUpperCase()}/wallet`, { key }),
      api.ask("GET", `/customers/${id}/wallet/entries`, { key }),
      api.ask("GET", `/jobs/${job}`, { key }),
      api.ask("GET", `/jobs?customer_id=${id}`, { key }),
    ]);
    expect(answers.map(outcome)).toEqual(answers.map(() => "200"));
  });

  test("finds nothing of another customer's, as if it did not exist", async () => {
    const { key } = mine;
    const foreign = await Promise.all([
      api.ask("GET", `/customers/${theirs.id}`, { key }),
      api.ask("GET", `/customers/${theirs.id}/wallet`, { key }),
      api.ask("GET", `/customers/${theirs.id}/wallet/entries`, { key }),
      api.ask("GET", `/customers/${theirs.id}/wallet/entries`, { key, headers: { accept: "text/csv" } }),
      api.ask("GET", `/jobs/${theirs.job}`, { key }),
      api.ask("GET", `/jobs?customer_id=${theirs.id}`, { key }),
      api.ask("POST", "/jobs", { key, body: { customer_id: theirs.id, job_type_id, input_data: 1 } }),
      api.ask("GET", `/jobs?order=oldest&customer_id=${theirs.id}`, { key }),
      api.ask("GET", `/customers/${theirs.id}/api-keys`, { key }),
      api.ask("POST", `/customers/${theirs.id}/api-keys`, { key }),
      api.ask("DELETE", `/customers/${theirs.id}/api-keys/${uuidv7()}`, { key }),
    ]);
    const unknown = await api.ask("GET", `/customers/${uuidv7()}`, { key });
    expect([...foreign, unknown].map(outcome)).toEqual([...foreign, unknown].map(() => "404 not_found"));
  });

  test("lists only that customer's jobs", async () => {
    const { body } = await api.ask("GET", "/jobs", { key: mine.key });
    expect(body.data.map((job: { id: string }) => job.id)).toEqual([mine.job]);
  });

  test("does not open what is the admin's", async () => {
    const { id, key } = mine;
    const answers = await Promise.all([
      api.ask("POST", "/customers", { key, body: { name: "x", email: "x@example.com" } }),
      api.ask("GET", "/customers", { key }),
      api.ask("PATCH", `/customers/${id}`, { key, body: { active: true } }),
      api.ask("PATCH", `/customers/${theirs.id}`, { key, body: { active: false } }),
      api.ask("POST", `/customers/${id}/wallet/top-ups`, {
        key,
        body: { amount_cents: 1, reference: "gift" },
      }),
      api.ask("POST", "/job-types", {
        key,
        body: { name: "x", processing_logic_id: "echo", standard_cost_cents: 0 },
      }),
      api.ask("PATCH", `/job-types/${job_type_id}`, { key, body: { standard_cost_cents: 0 } }),
      api.ask("GET", "/queue", { key }),
    ]);
    expect(answers.map(outcome)).toEqual(answers.map(() => "403 forbidden"));
  });
});

test("an inactive customer may read but submits nothing, with its own key or through the admin", async () => {
  const { id, key, job } = await createTenant();
  const before = (await api.ask("GET", `/customers/${id}/wallet`)).body;
  await api.ask("PATCH", `/customers/${id}`, { body: { active: false } });
  const submission = { customer_id: id, job_type_id, input_data: 1 };
  expect((await api.ask("GET", `/jobs/${job}`, { key })).status).toBe(200);
  expect(outcome(await api.ask("POST", "/jobs", { key, body: submission }))).toBe("403 customer_inactive");
  expect(outcome(await api.ask("POST", "/jobs/batch", { key, body: { jobs: [submission] } }))).toBe(
    "403 customer_inactive",
  );
  expect(outcome(await api.ask("POST", "/jobs", { body: submission }))).toBe("403 customer_inactive");
  expect((await api.ask("GET", `/customers/${id}/wallet`)).body).toEqual(before);
  expect((await api.ask("GET", "/jobs", { key })).body.data).toHaveLength(1);
});

test("requests at once, with many keys, each get their own customer", async () => {
  const tenants = await Promise.all(Array.from({ length: 8 }, createTenant));
  const asked = Array.from({ length: 200 }, (_, n) => tenants[n % tenants.length] ?? mine);
  const answers = await Promise.all(asked.map(({ id, key }) => api.ask("GET", `/customers/${id}`, { key })));
  expect(answers.map(({ body }) => body.id)).toEqual(asked.map(({ id }) => id));
});
