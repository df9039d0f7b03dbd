import { pino } from "pino";
import { beforeAll, describe, expect, test } from "vitest";
import { v7 as uuidv7 } from "uuid";
import { connect, runSql } from "../../../../test/support/sql.ts";
import { createCustomer, createJobType } from "../../../../test/support/test-platform.ts";
import { upkeepTask } from "../../../../test/support/upkeep.ts";
import { waitFor } from "../../../../test/support/wait-for.ts";
import { shownInLog } from "../../http/shown-in-log.ts";
import type { OperatorRole } from "../../../core/model/operator.ts";
import { ADMIN_KEY, createTestApi, type TestApi } from "../../test-api.ts";

let api: TestApi;
let finance: { id: string; name: string; api_key: string };
let customer_id: string;
beforeAll(async () => {
  api = await createTestApi();
  finance = await createOperator("finance", "Grace Hopper");
  customer_id = await createCustomer(api.platform);
});

async function createOperator(role: OperatorRole, name: string) {
  return (await api.ask("POST", "/operators", { body: { name, role } })).body;
}

async function actions(query = "") {
  const { status, body } = await api.ask("GET", `/operator-actions?${query}`);
  expect(status).toBe(200);
  return body.data;
}

async function cookieOf(api_key: string): Promise<string> {
  const { headers } = await api.ask("POST", "/session", { key: null, body: { api_key } });
  return String(headers["set-cookie"]).split(";")[0] ?? "";
}

test("a change is recorded with who, what, before, after, and from where", async () => {
  const path = `/customers/${customer_id}/wallet`;
  const changed = await api.ask("PATCH", path, { key: finance.api_key, body: { credit_limit_cents: 700 } });
  expect(changed.status).toBe(200);
  const [action] = await actions("limit=1");
  expect(action).toEqual({
    id: expect.any(String),
    at: expect.any(String),
    operator_id: finance.id,
    operator_name: "Grace Hopper",
    action: "updateWallet",
    target_type: "customer",
    target_id: customer_id,
    before: expect.objectContaining({ customer_id, credit_limit_cents: 0 }),
    after: expect.objectContaining({ customer_id, credit_limit_cents: 700 }),
    address: "127.0.0.1",
    request_id: changed.headers["request-id"],
  });
});

test("what is created is the target, and no secret of it is kept", async () => {
  const created = await createOperator("viewer", "Somebody new");
  const [action] = await actions("limit=1");
  expect(action).toMatchObject({
    operator_id: null,
    operator_name: "admin",
    action: "createOperator",
    target_type: "operator",
    target_id: created.id,
    before: null,
    after: { name: "Somebody new", role: "viewer" },
  });
  const key = await api.ask("POST", `/customers/${customer_id}/api-keys`);
  const { rows } = await runSql(api.databaseUrl, "SELECT a::text AS text FROM operator_actions a");
  const text = JSON.stringify(rows);
  expect(text).toContain("createApiKey");
  for (const secret of [created.api_key, key.body.api_key]) expect(text).not.toContain(secret);
});

test("neither refused requests nor reads nor estimates nor customers are recorded", async () => {
  const job_type_id = await createJobType(api.platform);
  const { api_key } = (await api.ask("POST", `/customers/${customer_id}/api-keys`)).body;
  const before = await actions("limit=200");
  const job = { customer_id, job_type_id, input_data: 1 };
  const answers = [
    await api.ask("POST", "/queue/pause", { key: finance.api_key }),
    await api.ask("PATCH", `/customers/${uuidv7()}`, { body: { active: true } }),
    await api.ask("PATCH", `/customers/${customer_id}`, { body: { activ: true } }),
    await api.ask("GET", "/customers"),
    await api.ask("POST", "/jobs/estimate", { body: job }),
    await api.ask("POST", "/jobs", { key: api_key, body: { job_type_id, input_data: 1 } }),
  ];
  expect(answers.map(({ status }) => status)).toEqual([403, 404, 422, 200, 200, 201]);
  expect(await actions("limit=200")).toEqual(before);
});

test("a submission is recorded for an operator and for whoever is signed in, not for the admin key", async () => {
  const job_type_id = await createJobType(api.platform);
  const body = { customer_id, job_type_id, input_data: { secret: "of the customer" } };
  const { api_key } = await createOperator("operator", "Olga");
  const submit = async (by: Parameters<TestApi["ask"]>[2]) =>
    (await api.ask("POST", "/jobs", { body, ...by })).body.id;
  const headers = { cookie: await cookieOf(ADMIN_KEY), "x-csrf-protection": "1" };
  await submit({});
  const recorded = [await submit({ key: null, headers }), await submit({ key: api_key })];
  const found = await actions("action=submitJob");
  expect(found.map((one: { target_id: string }) => one.target_id)).toEqual(recorded.toReversed());
  expect(found.map((one: { operator_name: string }) => one.operator_name)).toEqual(["Olga", "admin"]);
  expect(JSON.stringify(found)).not.toContain("of the customer");
});

test("actions at the same time are each recorded once", async () => {
  const references = Array.from({ length: 20 }, (_, n) => `at once ${n}`);
  const path = `/customers/${customer_id}/wallet/top-ups`;
  await Promise.all(
    references.map((reference) =>
      api.ask("POST", path, { key: finance.api_key, body: { amount_cents: 1, reference } }),
    ),
  );
  const found = await actions("action=topUpWallet&limit=200");
  const recorded = found.map((one: { after: { reference: string } }) => one.after.reference);
  expect(recorded.toSorted()).toEqual(references.toSorted());
});

test("an action that cannot be recorded is answered all the same, and stands in the log of the process", async () => {
  const lines: string[] = [];
  const log = pino({ level: "error" }, { write: (line: string) => void lines.push(line) });
  const broken = await createTestApi({ log });
  await runSql(broken.databaseUrl, "DROP TABLE operator_actions");
  expect((await broken.ask("POST", "/queue/pause")).body.paused_at).not.toBeNull();
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { msg: "an action was not recorded", operator_name: "admin", action: "pauseQueue" },
  ]);
});

test("an action is stored before it is done, so that a process that dies in between has left it", async () => {
  const other = await createTestApi();
  const { databaseUrl, platform } = other;
  const holder = await connect(databaseUrl);
  await holder.query("BEGIN; LOCK TABLE operator_actions IN EXCLUSIVE MODE");
  const answer = other.ask("POST", "/queue/pause");
  const begun = async () => (await runSql(databaseUrl, "SELECT * FROM begun_actions")).rows;
  await waitFor(async () => (await platform.waitingJobs.pausedAt()) !== null);
  expect(await begun()).toMatchObject([
    { action: "pauseQueue", operator_name: "admin", before: { paused_at: null } },
  ]);
  await holder.query("ROLLBACK");
  expect((await answer).status).toBe(200);
  expect(await begun()).toEqual([]);
});

test("what was begun and never answered is put on the list, with a word that nobody knows how it ended", async () => {
  const other = await createTestApi();
  const action = {
    id: uuidv7(),
    operator_id: null,
    operator_name: "admin",
    action: "pauseQueue",
    target_type: "queue",
    target_id: null,
    before: { paused_at: null },
    address: "127.0.0.1",
    request_id: uuidv7(),
  };
  await other.platform.operatorLog.begin(action);
  await upkeepTask(other.platform, "forgotten actions").runOnce();
  const list = async () => (await other.ask("GET", "/operator-actions")).body.data;
  expect(await list()).toEqual([]);
  await runSql(other.databaseUrl, "UPDATE begun_actions SET begun_at = now() - interval '11 minutes'");
  await upkeepTask(other.platform, "forgotten actions").runOnce();
  const after = {
    left_out: "The process ended before it answered: it is not known whether this was done.",
  };
  expect(await list()).toEqual([{ ...action, at: expect.any(String), after }]);
});

test("what cannot be stored before is not done, and what is refused leaves nothing", async () => {
  const other = await createTestApi();
  expect((await other.ask("PATCH", `/customers/${uuidv7()}`, { body: { active: true } })).status).toBe(404);
  expect((await runSql(other.databaseUrl, "SELECT 1 FROM begun_actions")).rows).toEqual([]);
  await runSql(other.databaseUrl, "DROP TABLE begun_actions");
  expect((await other.ask("POST", "/queue/pause")).status).toBe(500);
  expect(await other.platform.waitingJobs.pausedAt()).toBeNull();
});

test("long texts are cut, long lists are counted, and what is too large is left out", () => {
  expect(shownInLog({ text: "x".repeat(5_000), list: Array.from({ length: 21 }) })).toEqual({
    text: expect.stringMatching(/^x{100,500}/),
    list: { items: 21 },
  });
  const large = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`field ${n}`, "x".repeat(400)]));
  expect(shownInLog({ id: "1", ...large })).toEqual({ id: "1", left_out: "It is too large for the log." });
  expect(shownInLog({ a: { api_key: "x", b: { secret: "x", c: 1 } } })).toEqual({ a: { b: { c: 1 } } });
  expect(shownInLog(undefined)).toBeNull();
});

describe("the list", () => {
  test("is filtered by who, what, to what, and when", async () => {
    const job_type_id = await createJobType(api.platform);
    await api.ask("POST", `/job-types/${job_type_id}/pause`);
    const names = async (query: string) =>
      (await actions(query)).map((one: { action: string }) => one.action);
    expect(await names(`target_id=${job_type_id}`)).toEqual(["pauseJobType"]);
    expect(await names("target_type=job_type")).toEqual(["pauseJobType"]);
    expect(new Set(await names("operator_name=Grace%20Hopper"))).toEqual(
      new Set(["updateWallet", "topUpWallet"]),
    );
    const [{ at }] = await actions(`target_id=${job_type_id}`);
    expect(await names(`target_id=${job_type_id}&from=${at}`)).toEqual(["pauseJobType"]);
    expect(await names(`target_id=${job_type_id}&to=${at}`)).toEqual([]);
  });

  test("comes in pages, each action once", async () => {
    const all = await actions("limit=200");
    expect(all.length).toBeGreaterThan(10);
    const paged = [];
    let cursor = "";
    do {
      const { body } = await api.ask("GET", `/operator-actions?limit=7${cursor}`);
      paged.push(...body.data);
      cursor = body.next_cursor === null ? "" : `&cursor=${body.next_cursor}`;
    } while (cursor !== "");
    expect(paged).toEqual(all);
  });

  test("is no customer's", async () => {
    const { api_key: key } = (await api.ask("POST", `/customers/${customer_id}/api-keys`)).body;
    expect((await api.ask("GET", "/operator-actions", { key })).status).toBe(403);
  });
});
