import { beforeAll, describe, expect, test } from "vitest";
import { startReceiver } from "../../../../test/support/receiver.ts";
import { runSql } from "../../../../test/support/sql.ts";
import { createCustomer } from "../../../../test/support/test-platform.ts";
import { waitFor } from "../../../../test/support/wait-for.ts";
import { createEndpoint, startSending } from "../../../../test/support/webhooks.ts";
import { WEBHOOK_EVENTS } from "../../../core/model/webhook.ts";
import { WEBHOOK_EXAMPLES } from "../../../core/model/webhook-examples.ts";
import { createTestApi, type TestApi } from "../../test-api.ts";
import { eventBody } from "./event-contract.ts";

const NOBODY = "019ab1f0-5b0e-7c1f-8a3d-6f1f7e0c2d11";
const NEW = { url: "https://shop.example/webhooks", events: ["job.finished"] };

async function keyOf(api: TestApi, customer_id: string): Promise<string> {
  return (await api.ask("POST", `/customers/${customer_id}/api-keys`, { body: {} })).body.api_key;
}

test("an endpoint is created with a secret that is shown once, changed, and deleted", async () => {
  const api = await createTestApi();
  const customer_id = await createCustomer(api.platform);
  const key = await keyOf(api, customer_id);
  const created = await api.ask("POST", "/webhook-endpoints", { key, body: NEW });
  expect(created).toMatchObject({
    status: 201,
    body: { ...NEW, customer_id, disabled_at: null, failures: 0 },
  });
  const path = String(created.headers.location);
  expect(created.body.secret).toMatch(/^whsec_.{44}$/);
  for (const shown of [
    await api.ask("GET", path, { key }),
    await api.ask("GET", "/webhook-endpoints", { key }),
  ])
    expect(shown.text).not.toContain(created.body.secret);

  const changes = { events: ["wallet.low", "job.failed"], description: "shop", enabled: false };
  const changed = await api.ask("PATCH", path, { key, body: changes });
  expect(changed.body).toMatchObject({
    events: changes.events,
    description: "shop",
    disabled_reason: "by_hand",
    disabled_at: expect.any(String),
  });
  const enabled = await api.ask("PATCH", path, { key, body: { enabled: true } });
  expect(enabled.body).toMatchObject({ disabled_at: null, disabled_reason: null });
  expect((await api.ask("DELETE", path, { key })).status).toBe(204);
  expect((await api.ask("GET", path, { key })).status).toBe(404);
  const { rows } = await runSql(api.databaseUrl, "SELECT count(*)::int AS n FROM webhook_secrets");
  expect(rows).toEqual([{ n: 0 }]);
});

test("a rotated secret signs as well for a while; rotated twice, the oldest ends at once", async () => {
  const api = await createTestApi({ webhookAllowPrivate: true });
  const receiver = await startReceiver();
  const first = await createEndpoint(api.platform, receiver.url, ["wallet.low"]);
  const rotate = async (body?: object): Promise<string> =>
    (await api.ask("POST", `/webhook-endpoints/${first.id}/rotate-secret`, body ? { body } : {})).body.secret;
  const deliver = async (): Promise<void> => {
    const before = receiver.received.length;
    await api.ask("POST", `/webhook-endpoints/${first.id}/test`);
    await waitFor(() => receiver.received.length > before);
  };
  startSending(api.platform);
  const second = await rotate();
  await deliver();
  receiver.verify(first.secret);
  receiver.verify(second);
  const third = await rotate();
  await deliver();
  expect(() => receiver.verify(first.secret)).toThrow("No matching signature");
  receiver.verify(second);
  const fourth = await rotate({ overlap_hours: 0 });
  await deliver();
  expect(() => receiver.verify(third)).toThrow("No matching signature");
  expect(String(receiver.received.at(-1)?.headers["webhook-signature"]).split(" ")).toHaveLength(1);
  expect(new Set([first.secret, second, third, fourth]).size).toBe(4);
});

test("a customer's key reaches that customer's endpoints and deliveries alone", async () => {
  const api = await createTestApi();
  const [ada, bob] = [await createCustomer(api.platform), await createCustomer(api.platform)];
  const key = await keyOf(api, bob);
  const foreign = { ...NEW, customer_id: ada };
  expect((await api.ask("POST", "/webhook-endpoints", { key, body: foreign })).status).toBe(404);
  const ofAda = (await api.ask("POST", "/webhook-endpoints", { body: foreign })).body.id;
  const ofOperator = (await api.ask("POST", "/webhook-endpoints", { body: NEW })).body;
  expect(ofOperator.customer_id).toBeNull();
  for (const id of [ofAda, ofOperator.id]) {
    const delivery = (await api.ask("POST", `/webhook-endpoints/${id}/test`)).body.id;
    for (const [method, path, body] of [
      ["GET", `/webhook-endpoints/${id}`],
      ["PATCH", `/webhook-endpoints/${id}`, { enabled: false }],
      ["DELETE", `/webhook-endpoints/${id}`],
      ["GET", `/webhook-endpoints/${id}/deliveries`],
      ["POST", `/webhook-endpoints/${id}/test`],
      ["POST", `/webhook-endpoints/${id}/rotate-secret`],
      ["POST", `/webhook-endpoints/${id}/replay`, { since: "2026-01-01T00:00:00Z" }],
      ["GET", `/webhook-deliveries/${delivery}`],
      ["POST", `/webhook-deliveries/${delivery}/resend`],
    ] as const) {
      const answer = await api.ask(method, path, body ? { key, body } : { key });
      expect([method, path, answer.status]).toEqual([method, path, 404]);
    }
  }
  expect((await api.ask("GET", "/webhook-endpoints", { key })).body.data).toEqual([]);
  expect((await api.ask("GET", "/webhook-endpoints")).body.data).toHaveLength(2);
  const { rows } = await runSql(api.databaseUrl, "SELECT DISTINCT claims, status FROM webhook_deliveries");
  expect(rows).toEqual([{ claims: 0, status: "pending" }]);
});

describe("what is wrong is refused with the field and the way out", () => {
  let shared: TestApi;
  beforeAll(async () => {
    shared = await createTestApi();
  });

  test.each([
    [{ ...NEW, url: "http://shop.example" }, "/url", "WEBHOOK_ALLOW_PRIVATE"],
    [{ ...NEW, url: "ftp://shop.example" }, "/url", "must begin with https://"],
    [{ ...NEW, url: "https://a:b@shop.example" }, "/url", "no user and no password"],
    [{ ...NEW, url: "https://169.254.169.254/" }, "/url", "private address 169.254.169.254"],
    [{ ...NEW, url: "https://[::1]/" }, "/url", "private address"],
    [{ ...NEW, url: "shop" }, "/url", "must be an address such as"],
    [{ ...NEW, events: [] }, "/events", "at least 1 item"],
    [{ ...NEW, events: ["job.started"] }, "/events/0", "must be one of"],
    [{ ...NEW, events: ["job.failed", "job.failed"] }, "/events", "twice"],
    [{ ...NEW, secret: "x" }, "/secret", "is not a known field"],
    [{ ...NEW, customer_id: NOBODY }, "/customer_id", "is not known"],
  ])("%j", async (body, pointer, message) => {
    const { status, body: problem } = await shared.ask("POST", "/webhook-endpoints", { body });
    expect(status).toBe(422);
    expect(problem.errors).toMatchObject([{ pointer, message: expect.stringContaining(message) }]);
  });

  test("a change of the address, too", async () => {
    const api = await createTestApi();
    const { id } = await createEndpoint(api.platform, NEW.url, ["job.failed"]);
    const body = { url: "https://10.0.0.1" };
    expect((await api.ask("PATCH", `/webhook-endpoints/${id}`, { body })).status).toBe(422);
    expect((await api.ask("PATCH", `/webhook-endpoints/${id}`, { body: {} })).status).toBe(422);
  });

  test("one endpoint too many", async () => {
    const api = await createTestApi();
    for (let n = 0; n < 20; n += 1) await api.ask("POST", "/webhook-endpoints", { body: NEW });
    const refused = await api.ask("POST", "/webhook-endpoints", { body: NEW });
    expect([refused.status, refused.body.code]).toEqual([409, "too_many_endpoints"]);
  });
});

test.each(WEBHOOK_EVENTS)("a test of %s sends what the catalogue says", async (type) => {
  const api = await createTestApi({ webhookAllowPrivate: true });
  const receiver = await startReceiver();
  const { id } = await createEndpoint(api.platform, receiver.url, [type]);
  const made = await api.ask("POST", `/webhook-endpoints/${id}/test`);
  expect(made).toMatchObject({ status: 201, body: { type, status: "pending", endpoint_id: id } });
  const path = String(made.headers.location);
  const { request } = (await api.ask("GET", path)).body;
  startSending(api.platform);
  await waitFor(() => receiver.received.length === 1);
  expect(receiver.received[0]?.text).toBe(request.body);
  expect(receiver.received[0]?.body.data).toEqual(WEBHOOK_EXAMPLES[type]);
  expect(eventBody(type).safeParse(receiver.received[0]?.body).error).toBeUndefined();
  await api.ask("PATCH", `/webhook-endpoints/${id}`, { body: { payload: "thin" } });
  const thin = JSON.parse((await api.ask("GET", path)).body.request.body);
  expect(eventBody(type).safeParse(thin).error).toBeUndefined();
  expect(thin.data).toHaveProperty("url");
  expect(receiver.received[0]?.headers["webhook-id"]).toBe(request.webhook_id);
});

test("the log shows the answers; a resend and a replay send again, under the same id", async () => {
  const api = await createTestApi({ webhookAllowPrivate: true });
  const statuses = [400, 200, 200];
  const receiver = await startReceiver(
    (response) => void response.writeHead(statuses.shift() ?? 200).end("no"),
  );
  const { id } = await createEndpoint(api.platform, receiver.url, ["job.failed"]);
  const delivery = (await api.ask("POST", `/webhook-endpoints/${id}/test`)).body.id;
  const list = `/webhook-endpoints/${id}/deliveries`;
  startSending(api.platform);
  const failed = await waitFor(async () => (await api.ask("GET", `${list}?status=failed`)).body.data[0]);
  expect(failed).toMatchObject({
    id: delivery,
    tries: 1,
    answers: [{ status: 400, error: null, body: "no" }],
  });
  const resent = await api.ask("POST", `/webhook-deliveries/${delivery}/resend`);
  expect(resent.body).toMatchObject({ id: delivery, status: "pending" });
  await waitFor(async () => (await api.ask("GET", `${list}?status=delivered`)).body.data[0]);

  const body = { since: failed.created_at };
  const replay = `/webhook-endpoints/${id}/replay`;
  expect((await api.ask("POST", replay, { body })).body).toEqual({
    deliveries: 0,
    next_since: null,
  });
  expect((await api.ask("POST", replay, { body: { ...body, all: true } })).body).toEqual({
    deliveries: 1,
    next_since: null,
  });
  await waitFor(() => receiver.received.length === 3);
  expect(new Set(receiver.received.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
});
