import { beforeAll, describe, expect, test } from "vitest";
import { startReceiver } from "../../../../test/support/receiver.ts";
import { runSql } from "../../../../test/support/sql.ts";
import { createCustomer, createJobType } from "../../../../test/support/test-platform.ts";
import { waitFor } from "../../../../test/support/wait-for.ts";
import { startSending } from "../../../../test/support/webhooks.ts";
import { WEBHOOK_ORIGINS_MAX } from "../../../core/model/limits.ts";
import { createTestApi, type TestApi } from "../../test-api.ts";

const URL_OF_SHOP = "https://shop.example/orders/1";

async function createOwner(api: TestApi) {
  const customer_id = await createCustomer(api.platform);
  const job_type_id = await createJobType(api.platform);
  const keyed = async (body: object): Promise<string> =>
    (await api.ask("POST", `/customers/${customer_id}/api-keys`, { body })).body.api_key;
  const key = await keyed({});
  const submit = (webhook: unknown, headers: Record<string, string> = {}) =>
    api.ask("POST", "/jobs", { key, body: { job_type_id, input_data: null, webhook }, headers });
  return { customer_id, job_type_id, key, keyed, submit };
}

async function storedIn({ databaseUrl }: TestApi, table: string): Promise<number> {
  const { rows } = await runSql<{ n: number }>(databaseUrl, `SELECT count(*)::int AS n FROM ${table}`);
  return rows[0]?.n ?? -1;
}

describe("what is wrong with a webhook refuses its job, and names the field", () => {
  let api: TestApi;
  let owner: Awaited<ReturnType<typeof createOwner>>;
  beforeAll(async () => {
    api = await createTestApi();
    owner = await createOwner(api);
  });

  test.each([
    [{ url: "http://shop.example" }, "/webhook/url", "WEBHOOK_ALLOW_PRIVATE"],
    [{ url: "ftp://shop.example" }, "/webhook/url", "must begin with https://"],
    [{ url: "https://a:b@shop.example" }, "/webhook/url", "no user and no password"],
    [{ url: "https://169.254.169.254/" }, "/webhook/url", "private address 169.254.169.254"],
    [{ url: "https://0x7f.1/" }, "/webhook/url", "private address 127.0.0.1"],
    [{ url: "https://[::1]/" }, "/webhook/url", "private address"],
    [{ url: "https://localhost/" }, "/webhook/url", "private address"],
    [{ url: "shop" }, "/webhook/url", "must be an address such as"],
    [{ url: `https://shop.example/${"x".repeat(2_000)}` }, "/webhook/url", "2000 characters"],
    // It is written in percent, and then it is too long.
    [{ url: `https://shop.example/${"é".repeat(1_000)}` }, "/webhook/url", "2000 characters"],
    [{}, "/webhook/url", "is required"],
    [{ url: URL_OF_SHOP, events: [] }, "/webhook/events", "at least 1 item"],
    [{ url: URL_OF_SHOP, events: ["wallet.low"] }, "/webhook/events/0", "must be one of"],
    [{ url: URL_OF_SHOP, events: ["job.failed", "job.failed"] }, "/webhook/events", "twice"],
    [{ url: URL_OF_SHOP, secret: "x" }, "/webhook/secret", "is not a known field"],
    [URL_OF_SHOP, "/webhook", "must be a JSON object"],
  ])("%j", async (webhook, pointer, message) => {
    const { status, body: problem } = await owner.submit(webhook);
    expect(status).toBe(422);
    expect(problem.errors).toMatchObject([{ pointer, message: expect.stringContaining(message) }]);
    const item = { job_type_id: owner.job_type_id, input_data: null };
    const batch = { jobs: [{ ...item, webhook }, item] };
    const { results } = (await api.ask("POST", "/jobs/batch", { key: owner.key, body: batch })).body;
    expect(results).toMatchObject([{ status: 422, problem: { errors: [{ pointer }] } }, { status: 201 }]);
  });

  test("an estimate takes no notice of it, and nothing is stored", async () => {
    const body = { job_type_id: owner.job_type_id, input_data: null, webhook: { url: "https://10.0.0.1/" } };
    expect((await api.ask("POST", "/jobs/estimate", { key: owner.key, body })).status).toBe(200);
    expect(await storedIn(api, "webhook_endpoints")).toBe(0);
    expect(await storedIn(api, "job_webhooks")).toBe(0);
  });

  test("what no database takes is written in percent", async () => {
    expect((await owner.submit({ url: "https://shop.example/\u0000\ud800" })).status).toBe(201);
    const { rows } = await runSql(api.databaseUrl, "SELECT url FROM job_webhooks");
    expect(rows).toEqual([{ url: "https://shop.example/%00%EF%BF%BD" }]);
  });
});

test("so many origins, and then the field and the way out; the same key still returns its job", async () => {
  const api = await createTestApi();
  const { submit, key, customer_id, job_type_id } = await createOwner(api);
  const jobs = Array.from({ length: WEBHOOK_ORIGINS_MAX }, (_, n) => ({
    job_type_id,
    input_data: n,
    webhook: { url: `https://shop${n}.example/` },
  }));
  await api.ask("POST", "/jobs/batch", { key, body: { jobs } });
  const keyed = { "idempotency-key": "order 1" };
  const first = await submit({ url: "https://shop0.example/other" }, keyed);
  expect(first.status).toBe(201);
  const refused = await submit({ url: URL_OF_SHOP });
  expect(refused).toMatchObject({
    status: 409,
    body: {
      code: "too_many_origins",
      detail: expect.stringContaining("GET /webhook-endpoints?kind=one_off"),
      errors: [{ pointer: "/webhook/url" }],
    },
  });
  expect((await submit(undefined)).status).toBe(201);
  // Those of other customers, and lasting endpoints, count for themselves.
  expect((await (await createOwner(api)).submit({ url: URL_OF_SHOP })).status).toBe(201);
  const body = { url: URL_OF_SHOP, events: ["job.finished"] };
  expect((await api.ask("POST", "/webhook-endpoints", { key, body })).status).toBe(201);

  const { data } = (await api.ask("GET", "/webhook-endpoints?kind=one_off&limit=200", { key })).body;
  expect(data).toHaveLength(WEBHOOK_ORIGINS_MAX);
  const ofFirst = data.find((one: { url: string }) => one.url === "https://shop0.example");
  expect((await api.ask("DELETE", `/webhook-endpoints/${ofFirst.id}`, { key })).status).toBe(204);
  expect((await submit({ url: URL_OF_SHOP })).status).toBe(201);
  const again = await submit({ url: "https://shop0.example/other" }, keyed);
  expect([again.status, again.body.id]).toEqual([200, first.body.id]);
  expect(await api.platform.webhookEndpoints.list(customer_id, { limit: 5 })).toHaveLength(1);
});

test("many that bring a new origin at the same time have one endpoint, and stay below the limit", async () => {
  const api = await createTestApi();
  const { submit } = await createOwner(api);
  const answers = await Promise.all(Array.from({ length: 30 }, () => submit({ url: URL_OF_SHOP })));
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201));
  expect(await storedIn(api, "webhook_endpoints")).toBe(1);
  expect(await storedIn(api, "job_webhook_secrets")).toBe(1);
  const others = await Promise.all(
    Array.from({ length: WEBHOOK_ORIGINS_MAX + 5 }, (_, n) => submit({ url: `https://shop${n}.example` })),
  );
  expect(others.filter(({ status }) => status === 409)).toHaveLength(6);
  expect(await storedIn(api, "webhook_endpoints")).toBe(WEBHOOK_ORIGINS_MAX);
});

test("an idempotency key covers the webhook, and a replay tells nobody twice", async () => {
  const api = await createTestApi({ webhookAllowPrivate: true });
  const { submit, key } = await createOwner(api);
  const receiver = await startReceiver();
  const headers = { "idempotency-key": "order 1" };
  const trace = { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" };
  const first = await submit({ url: receiver.url }, { ...headers, ...trace });
  const again = await submit({ url: receiver.url }, headers);
  expect([first.status, again.status, again.body.id]).toEqual([201, 200, first.body.id]);
  const other = await submit({ url: `${receiver.url}/other` }, headers);
  expect([other.status, other.body.code]).toEqual([409, "idempotency_key_reused"]);
  expect((await submit(undefined, headers)).status).toBe(409);
  expect(await storedIn(api, "job_webhooks")).toBe(1);
  await api.ask("POST", `/jobs/${first.body.id}/cancel`, { key });
  startSending(api.platform);
  await waitFor(() => receiver.received.length === 1);
  expect(await storedIn(api, "webhook_deliveries")).toBe(1);
});

test("the secret is shown once, by the owner and with a key of all scopes", async () => {
  const api = await createTestApi({ webhookAllowPrivate: true });
  const { customer_id, job_type_id, key, keyed, submit } = await createOwner(api);
  const receiver = await startReceiver();
  const path = `/customers/${customer_id}/rotate-webhook-secret`;
  const narrow = await keyed({ scopes: ["jobs:write"] });
  // Whoever may submit may say who is told of it.
  const body = { job_type_id, input_data: null, webhook: { url: receiver.url } };
  const { id } = (await api.ask("POST", "/jobs", { key: narrow, body })).body;
  expect((await api.ask("POST", path, { key: narrow })).status).toBe(403);
  const other = await createOwner(api);
  expect((await api.ask("POST", path, { key: other.key })).status).toBe(404);
  expect((await api.ask("POST", path.replace(customer_id, id))).status).toBe(404);
  expect((await api.ask("POST", path, { key: other.key.slice(1) })).status).toBe(401);

  // The job was submitted before anybody had the secret.
  const shown = await api.ask("POST", path, { key });
  expect(shown.body).toEqual({
    secret: expect.stringMatching(/^whsec_.{44}$/),
    old_secret_until: expect.any(String),
  });
  await api.ask("POST", `/jobs/${id}/cancel`, { key });
  startSending(api.platform);
  await waitFor(() => receiver.received.length === 1);
  receiver.verify(shown.body.secret);

  const none = await createOwner(api);
  const first = await api.ask("POST", `/customers/${none.customer_id}/rotate-webhook-secret`, {
    body: { overlap_hours: 0 },
  });
  expect(first.body.old_secret_until).toBeNull();
  expect((await submit(undefined)).status).toBe(201);
});

test("of a one-off endpoint the payload can be changed and its failures forgotten, and nothing else", async () => {
  const api = await createTestApi();
  const { submit, key } = await createOwner(api);
  await submit({ url: URL_OF_SHOP });
  expect((await api.ask("GET", "/webhook-endpoints", { key })).body.data).toEqual([]);
  const [{ id, kind, url }] = (await api.ask("GET", "/webhook-endpoints?kind=one_off", { key })).body.data;
  expect([kind, url]).toEqual(["one_off", "https://shop.example"]);
  const path = `/webhook-endpoints/${id}`;
  for (const [method, where, body] of [
    ["PATCH", path, { enabled: false }],
    ["PATCH", path, { url: "https://other.example" }],
    ["PATCH", path, { events: ["job.failed"] }],
    ["PATCH", path, { description: "x" }],
    ["POST", `${path}/test`, { type: "job.failed" }],
    ["POST", `${path}/rotate-secret`, {}],
  ] as const) {
    const answer = await api.ask(method, where, { key, body });
    expect([where, answer.status, answer.body.code]).toEqual([where, 409, "one_off_endpoint"]);
  }
  await runSql(api.databaseUrl, "UPDATE webhook_endpoints SET failures = 9, paused_until = now()");
  const changed = await api.ask("PATCH", path, { key, body: { payload: "thin", enabled: true } });
  expect(changed.body).toMatchObject({ payload: "thin", failures: 0, paused_until: null, disabled_at: null });
  expect((await api.ask("GET", `${path}/deliveries`, { key })).body.data).toEqual([]);
});
