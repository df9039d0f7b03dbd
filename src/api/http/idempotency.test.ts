import { beforeAll, beforeEach, expect, test } from "vitest";
import { brokenPromises, createCustomer, createJobType } from "../../../test/support/test-platform.ts";
import { runSql } from "../../../test/support/sql.ts";
import { createTestApi, type TestApi } from "../test-api.ts";

const PRICE_CENTS = 10;

let api: TestApi;
let job_type_id: string;
let customer_id: string;
let key: string;

beforeAll(async () => {
  api = await createTestApi();
  job_type_id = await createJobType(api.platform, { standard_cost_cents: PRICE_CENTS });
});

beforeEach(async () => {
  customer_id = await createCustomer(api.platform, 100 * PRICE_CENTS);
  key = (await api.ask("POST", `/customers/${customer_id}/api-keys`)).body.api_key;
});

const under = (name: string) => ({ "idempotency-key": name });
const submit = (name: string, body: object = {}) =>
  api.ask("POST", "/jobs", { key, headers: under(name), body: { job_type_id, input_data: 1, ...body } });
const batch = (name: string, jobs: unknown[]) =>
  api.ask("POST", "/jobs/batch", { key, headers: under(name), body: { jobs } });
const wallet = async () => (await api.ask("GET", `/customers/${customer_id}/wallet`)).body;
const heldJobs = async () => (await wallet()).pending_charges_cents / PRICE_CENTS;

test("the same key and body again answers 200 with the job that the first made, and holds nothing more", async () => {
  const first = await submit("a");
  const again = await submit("a");
  expect([first.status, first.headers["idempotent-replayed"]]).toEqual([201, undefined]);
  expect([again.status, again.headers["idempotent-replayed"]]).toEqual([200, "true"]);
  expect(again.body).toEqual(first.body);
  expect(again.headers["location"]).toBe(first.headers["location"]);
  expect(await heldJobs()).toBe(1);
});

test("the order of a body's fields, and a default that is spelled out, make no other request", async () => {
  const ask = (body: object) => api.ask("POST", "/jobs", { key, headers: under("order"), body });
  const first = await ask({ job_type_id, input_data: { a: 1, b: [{ c: 2, d: 3 }] } });
  const again = await ask({ input_data: { b: [{ d: 3, c: 2 }], a: 1 }, priority: 1, job_type_id });
  expect([again.status, again.body.id]).toEqual([200, first.body.id]);
});

test("another body, or another route, under the same key is refused, and nothing is held", async () => {
  await submit("b");
  for (const answer of [
    await submit("b", { input_data: 2 }),
    await submit("b", { priority: 0 }),
    await batch("b", [{ job_type_id, input_data: 1 }]),
  ]) {
    expect([answer.status, answer.body.code]).toEqual([409, "idempotency_key_reused"]);
  }
  expect(await heldJobs()).toBe(1);
});

test("a refused request is not remembered: with money it succeeds under the same key", async () => {
  const dear = await createJobType(api.platform, { standard_cost_cents: 1_500 });
  expect((await submit("c", { job_type_id: dear })).status).toBe(402);
  await api.platform.wallets.topUp({ customer_id, amount_cents: 5_000, reference: "more" });
  const paid = await submit("c", { job_type_id: dear });
  expect([paid.status, paid.headers["idempotent-replayed"]]).toEqual([201, undefined]);
});

test("customers do not share keys, and neither does the admin", async () => {
  const first = await submit("d");
  const other = await createCustomer(api.platform, 1_000);
  const otherKey = (await api.ask("POST", `/customers/${other}/api-keys`)).body.api_key;
  const body = { job_type_id, input_data: 1 };
  const theirs = await api.ask("POST", "/jobs", { key: otherKey, headers: under("d"), body });
  const admins = await api.ask("POST", "/jobs", { headers: under("d"), body: { ...body, customer_id } });
  expect([theirs.status, admins.status]).toEqual([201, 201]);
  expect(new Set([first.body.id, theirs.body.id, admins.body.id]).size).toBe(3);
});

test("twins at the same moment: one job, and each hears of it", async () => {
  // Two platforms, as two processes, so that the twins meet in the database.
  const second = await createTestApi({ databaseUrl: api.databaseUrl });
  const ask = (one: TestApi) =>
    one.ask("POST", "/jobs", { key, headers: under("twins"), body: { job_type_id, input_data: 1 } });
  const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => ask(n % 2 === 0 ? api : second)));
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(19);
  expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
  expect(await heldJobs()).toBe(1);
  expect(await brokenPromises(api.platform)).toEqual([]);
});

test("twins without the money: each is refused, and nothing is remembered", async () => {
  const dear = await createJobType(api.platform, { standard_cost_cents: 1_000_000 });
  const answers = await Promise.all([1, 2, 3].map(() => submit("poor twins", { job_type_id: dear })));
  expect(answers.map(({ status, body }) => [status, body.code])).toEqual(
    answers.map(() => [402, "insufficient_funds"]),
  );
});

test("a batch again answers what the first made, item by item; what was refused is tried again", async () => {
  const dear = await createJobType(api.platform, { standard_cost_cents: 5_000 });
  const jobs = [
    { job_type_id, input_data: 1 },
    { job_type_id: dear, input_data: 2 },
    { job_type_id, input_data: 3, priority: 9 },
    { job_type_id, input_data: 4 },
  ];
  const statuses = ({ body }: { body: { results: { status: number }[] } }) =>
    body.results.map(({ status }) => status);
  const ids = ({ body }: { body: { results: { job?: { id: string } }[] } }) =>
    body.results.map(({ job }) => job?.id);

  const first = await batch("e", jobs);
  expect(statuses(first)).toEqual([201, 402, 422, 201]);
  const again = await batch("e", jobs);
  expect(again.headers["idempotent-replayed"]).toBe("true");
  expect([statuses(again), ids(again)]).toEqual([statuses(first), ids(first)]);
  expect(await heldJobs()).toBe(2);

  await api.platform.wallets.topUp({ customer_id, amount_cents: 5_000, reference: "more" });
  const richer = await batch("e", jobs);
  expect(statuses(richer)).toEqual([201, 201, 422, 201]);
  expect(richer.headers["idempotent-replayed"]).toBeUndefined();
  expect(ids(richer).filter((_id, n) => n !== 1)).toEqual(ids(first).filter((_id, n) => n !== 1));
  expect(ids(await batch("e", jobs))).toEqual(ids(richer));

  const other = await batch("e", jobs.slice(0, 2));
  expect([other.status, other.body.code]).toEqual([409, "idempotency_key_reused"]);
});

test("what was made is answered although its job type takes no such input any more", async () => {
  const type = await createJobType(api.platform);
  const first = await submit("f", { job_type_id: type });
  await api.ask("PATCH", `/job-types/${type}`, { body: { input_schema: { type: "string" } } });
  const again = await submit("f", { job_type_id: type });
  expect([again.status, again.body.id]).toEqual([200, first.body.id]);
  expect((await submit("g", { job_type_id: type })).body.code).toBe("input_invalid");
  await api.ask("PATCH", `/job-types/${type}`, { body: { enabled: false, input_schema: null } });
  expect((await submit("f", { job_type_id: type })).status).toBe(200);
});

test("a customer is made once under a key, also by twins", async () => {
  const make = (name: string) =>
    api.ask("POST", "/customers", { headers: under("new"), body: { name, email: "ada@example.com" } });
  const twins = await Promise.all([make("Ada"), make("Ada"), make("Ada")]);
  expect(twins.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 200, 201]);
  expect(new Set(twins.map(({ body }) => body.id)).size).toBe(1);
  const other = await make("Bob");
  expect([other.status, other.body.code]).toEqual([409, "idempotency_key_reused"]);
});

test("a top-up under a key moves money once; another body is refused before its reference is looked at", async () => {
  const topUp = (body: object) =>
    api.ask("POST", `/customers/${customer_id}/wallet/top-ups`, { headers: under("pay"), body });
  const first = await topUp({ amount_cents: 500, reference: "p1" });
  const again = await topUp({ amount_cents: 500, reference: "p1" });
  expect([first.status, again.status, again.headers["idempotent-replayed"]]).toEqual([201, 200, "true"]);
  expect(again.body).toEqual(first.body);
  const other = await topUp({ amount_cents: 500, reference: "p2" });
  expect([other.status, other.body.code]).toEqual([409, "idempotency_key_reused"]);
  expect((await wallet()).current_balance_cents).toBe(1_500);
});

test("a refused top-up is not remembered", async () => {
  const topUp = (headers: Record<string, string>, body: object) =>
    api.ask("POST", `/customers/${customer_id}/wallet/top-ups`, { headers, body });
  await topUp({}, { amount_cents: 500, reference: "q" });
  const reused = await topUp(under("retry"), { amount_cents: 600, reference: "q" });
  expect(reused.body.code).toBe("reference_reused");
  expect((await topUp(under("retry"), { amount_cents: 600, reference: "r" })).status).toBe(201);
});

test("a body that is nested beyond measure is refused under a key too, alone and in a batch", async () => {
  const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
  const job = `{"job_type_id":"${job_type_id}","input_data":${deep}}`;
  for (const [url, raw] of [
    ["/jobs", job],
    ["/jobs/batch", `{"jobs":[${job}]}`],
  ] as const) {
    const { status, body } = await api.ask("POST", url, { key, headers: under("deep"), raw });
    expect([status, body.code]).toEqual([422, "validation_failed"]);
  }
  expect(await heldJobs()).toBe(0);
});

test("two bodies under one key at the same moment: one is made, the other refused", async () => {
  const answers = await Promise.all([1, 2, 1, 2].map((input_data) => submit("race", { input_data })));
  const statuses = answers.map(({ status }) => status).toSorted((a, b) => a - b);
  expect(statuses).toEqual([200, 201, 409, 409]);
  expect(await heldJobs()).toBe(1);
});

test("what a key made and retention took away is gone, and only that item of a batch", async () => {
  const dear = await createJobType(api.platform, { standard_cost_cents: 5_000 });
  const jobs = [
    { job_type_id, input_data: 1 },
    { job_type_id: dear, input_data: 2 },
  ];
  const first = await batch("old", jobs);
  await runSql(
    api.databaseUrl,
    "WITH gone AS (DELETE FROM job_queue WHERE job_id = $1) UPDATE jobs SET status = 'cancelled', completed_at = now() WHERE id = $1",
    [first.body.results[0].job.id],
  );
  await runSql(api.databaseUrl, "DELETE FROM jobs WHERE id = $1", [first.body.results[0].job.id]);
  await api.platform.wallets.topUp({ customer_id, amount_cents: 10_000, reference: "more" });
  const again = await batch("old", jobs);
  expect(again.body.results.map((one: { status: number }) => one.status)).toEqual([410, 201]);
  const single = await submit("old single");
  await runSql(api.databaseUrl, "DELETE FROM job_queue WHERE job_id = $1", [single.body.id]);
  await runSql(api.databaseUrl, "DELETE FROM jobs WHERE id = $1", [single.body.id]);
  expect((await submit("old single")).body.code).toBe("job_gone");
});

test.each(["", "ä", "x".repeat(256)])("the key %j is refused", async (name) => {
  const { status, body } = await submit(name);
  expect([status, body.code, body.errors[0].pointer]).toEqual([422, "validation_failed", "/idempotency-key"]);
  expect(await heldJobs()).toBe(0);
});
