import assert from "node:assert/strict";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { v7 as uuidv7 } from "uuid";
import { createCustomer, createJobType } from "../../../test/support/test-platform.ts";
import { createTestApi, type TestApi } from "../test-api.ts";

/** Whatever is sent, it is the sender's fault and named as such, and nothing of it is stored or held. */

let api: TestApi;
let job_type_id: string;
let customer_id: string;

beforeAll(async () => {
  api = await createTestApi();
  job_type_id = await createJobType(api.platform);
});

beforeEach(async () => {
  customer_id = await createCustomer(api.platform, 1_000);
});

afterEach(async () => {
  assert.deepEqual(await api.platform.jobs.list({}, { limit: 10 }), []);
  const wallet = await api.platform.wallets.findByCustomerId(customer_id);
  assert.equal(wallet?.pending_charges_cents, 0);
});

const nested = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`;
const withInput = (json: string) =>
  `{"customer_id":"${customer_id}","job_type_id":"${job_type_id}","input_data":${json}}`;

const submit = (wrong: object) =>
  api.ask("POST", "/jobs", { body: { customer_id, job_type_id, input_data: {}, ...wrong } });

const A_PRIORITY = "must be 0 (high), 1 (medium) or 2 (low)";
const A_TIME = "must be a time such as 2026-11-23T21:06:00Z (RFC 3339, with an offset)";
const NUL = "has the character U+0000, which cannot be stored: remove it";
const HALF = "has half of a surrogate pair: send well-formed Unicode";

test.each<[string, object, string, string]>([
  ["a job type that is no UUID", { job_type_id: "text" }, "/job_type_id", "must be a UUID"],
  ["no job type", { job_type_id: undefined }, "/job_type_id", "is required"],
  ["no input", { input_data: undefined }, "/input_data", "is required"],
  ["priority 3", { priority: 3 }, "/priority", A_PRIORITY],
  ['priority "high"', { priority: "high" }, "/priority", A_PRIORITY],
  ['priority "1"', { priority: "1" }, "/priority", A_PRIORITY],
  ["priority null", { priority: null }, "/priority", A_PRIORITY],
  ["an unknown field", { prioritty: 1 }, "/prioritty", 'is not a known field; did you mean "priority"?'],
  ["no attempts", { max_attempts: 0 }, "/max_attempts", "must be at least 1"],
  ["attempts as text", { max_attempts: "3" }, "/max_attempts", "must be a number"],
  ["101 attempts", { max_attempts: 101 }, "/max_attempts", "must be at most 100"],
  ["a time without an offset", { run_at: "2027-01-01T00:00:00" }, "/run_at", A_TIME],
  ["a day that does not exist", { run_at: "2027-02-30T00:00:00Z" }, "/run_at", A_TIME],
  ["a time as a number", { run_at: 1_700_000_000 }, "/run_at", A_TIME],
  [
    "a time in a thousand years",
    { run_at: "3027-01-01T00:00:00Z" },
    "/run_at",
    "must be no more than 10 years ahead",
  ],
  ["the year 10000", { run_at: "9999-12-31T23:59:59-23:00" }, "/run_at", "must be between 1970 and 9999"],
  ["U+0000 in a string", { input_data: { a: ["x\u0000"] } }, "/input_data/a/0", NUL],
  ["U+0000 in a key", { input_data: { "\u0000": 1 } }, "/input_data", `a key ${NUL}`],
  ["half a surrogate pair", { input_data: "\udc00" }, "/input_data", HALF],
  ["half a surrogate pair in a key", { input_data: { "\ud800": 1 } }, "/input_data", `a key ${HALF}`],
])("%s", async (_what, wrong, pointer, message) => {
  const { status, body } = await submit(wrong);
  expect([status, body.code]).toEqual([422, "validation_failed"]);
  expect(body.errors).toEqual([{ pointer, message }]);
});

test("all wrong fields are named at once", async () => {
  const { body } = await submit({
    job_type_id: 5,
    priority: 3,
    run_at: "soon",
    max_attempts: 1.5,
    x: 1,
    y: 2,
  });
  expect(body.errors.map((error: { pointer: string }) => error.pointer)).toEqual([
    "/job_type_id",
    "/priority",
    "/run_at",
    "/max_attempts",
    "/x",
    "/y",
  ]);
});

test("an unknown job type", async () => {
  const { status, body } = await submit({ job_type_id: uuidv7() });
  expect([status, body.code, body.errors[0].pointer]).toEqual([422, "unknown_job_type", "/job_type_id"]);
});

test("an unknown customer", async () => {
  const { status, body } = await submit({ customer_id: uuidv7() });
  expect([status, body.code, body.errors[0].pointer]).toEqual([422, "unknown_customer", "/customer_id"]);
});

test("a customer without money", async () => {
  const dear = await createJobType(api.platform, { standard_cost_cents: 1_001 });
  const { status, body } = await submit({ job_type_id: dear });
  expect(status).toBe(402);
  expect(body).toMatchObject({
    required_cents: 1_001,
    available_cents: 1_000,
    pending_charges_cents: 0,
    current_balance_cents: 1_000,
  });
});

test("a disabled job type", async () => {
  const { status, body } = await submit({
    job_type_id: await createJobType(api.platform, { enabled: false }),
  });
  expect([status, body.code, body.errors[0].pointer]).toEqual([422, "job_type_disabled", "/job_type_id"]);
});

test("a number that JSON can write and no double can hold", async () => {
  const { status, body } = await api.ask("POST", "/jobs", { raw: withInput("[1, 1e400]") });
  expect(status).toBe(422);
  expect(body.errors).toEqual([{ pointer: "/input_data/1", message: "is a number out of range" }]);
});

test.each([101, 10_000, 500_000])("an input nested %i deep", async (depth) => {
  const { status, body } = await api.ask("POST", "/jobs", { raw: withInput(nested(depth)) });
  expect([status, body.code]).toEqual([422, "validation_failed"]);
  expect(body.errors[0].message).toContain("nested deeper than 100 levels");
});

test("an input of objects nested 100000 deep", async () => {
  const depth = 100_000;
  const { status } = await api.ask("POST", "/jobs", {
    raw: withInput(`${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`),
  });
  expect(status).toBe(422);
});

test("nesting where no value belongs: the whole body, a known field, an unknown one, an item of a batch", async () => {
  const deep = nested(200_000);
  const answers = await Promise.all([
    api.ask("POST", "/jobs", { raw: deep }),
    api.ask("POST", "/jobs", { raw: `{"priority":${deep}}` }),
    api.ask("POST", "/jobs", { raw: `{"nothing":${deep}}` }),
    api.ask("POST", "/customers", { raw: `{"name":${deep}}` }),
    api.ask("POST", "/jobs/batch", { raw: `{"jobs":${deep}}` }),
  ]);
  expect(answers.map(({ status }) => status)).toEqual([422, 422, 422, 422, 200]);
  expect(answers[4]?.body.results[0].status).toBe(422);
});

test("eighty thousand unknown fields are answered with the first hundred", async () => {
  const raw = `{${Array.from({ length: 80_000 }, (_, n) => `"k${n}":1`).join(",")}}`;
  const { status, body } = await api.ask("POST", "/jobs", { raw });
  expect(status).toBe(422);
  expect(body.errors).toHaveLength(100);
});

test.each([
  ["broken JSON", "{", 400],
  ["two documents", "{}{}", 400],
  ["a comment", "{/* */}", 400],
  ["nothing at all", "", 400],
  ["only spaces", "  ", 400],
  ["__proto__", '{"input_data":{"__proto__":{"admin":true}}}', 400],
  ["constructor.prototype", '{"constructor":{"prototype":{}}}', 400],
])("%s is no JSON that we take", async (_what, raw, expected) => {
  const { status, body } = await api.ask("POST", "/jobs", { raw });
  expect([status, body.code]).toEqual([expected, "malformed_request"]);
});

test("bytes that are not UTF-8 are refused, not replaced", async () => {
  const raw = Buffer.from(withInput('"\u00ff"'), "latin1");
  const { status, body } = await api.ask("POST", "/jobs", { raw });
  expect([status, body.code, body.detail]).toEqual([
    400,
    "malformed_request",
    "The body is not valid UTF-8. Send JSON in UTF-8.",
  ]);
});

test("a body of 2 MiB", async () => {
  const { status, body } = await api.ask("POST", "/jobs", {
    raw: withInput(`"${"x".repeat(2 * 1024 * 1024)}"`),
  });
  expect([status, body.code]).toEqual([413, "payload_too_large"]);
});

test.each([
  ["text/plain", "text/plain"],
  ["a form", "application/x-www-form-urlencoded"],
  ["XML", "application/xml"],
  ["nonsense", "nonsense"],
])("%s is no content type that we take", async (_what, type) => {
  const { status, body } = await api.ask("POST", "/jobs", {
    raw: withInput("1"),
    headers: { "content-type": type },
  });
  expect([status, body.code]).toEqual([415, "unsupported_media_type"]);
});

test("a compressed body", async () => {
  const { status, body } = await api.ask("POST", "/jobs", {
    raw: withInput("1"),
    headers: { "content-encoding": "gzip" },
  });
  expect([status, body.code]).toEqual([415, "unsupported_media_type"]);
});

test.each([
  ["/jobs/%", 400],
  ["/jobs/%ff", 400],
  ["/jobs/%00", 422],
  [`/jobs/${"x".repeat(400)}`, 422],
  [`/jobs/${"x".repeat(5_000)}`, 400],
  ["/jobs/../../etc/passwd", 404],
  ["/jobs/%2e%2e%2fetc", 422],
  ["//", 404],
])("the path %s", async (url, expected) => {
  expect((await api.ask("GET", url)).status).toBe(expected);
});
