import { once } from "node:events";
import { request as send, type ClientRequest, type IncomingMessage } from "node:http";
import { json } from "node:stream/consumers";
import { pino } from "pino";
import { beforeAll, describe, expect, test } from "vitest";
import {
  BODY_BYTES_MAX,
  BYTES_IN_FLIGHT_MAX,
  ERRORS_PER_REQUEST_MAX,
  REFUSALS_LOGGED_MAX,
  STRANGER_BYTES_IN_FLIGHT_MAX,
} from "../../core/model/limits.ts";
import { createCustomer, createJobType } from "../../../test/support/test-platform.ts";
import { waitFor } from "../../../test/support/wait-for.ts";
import { ADMIN_KEY, createTestApi, type TestApi } from "../test-api.ts";

/** What one request may cost, say and leave in the log, however it is made. */

let api: TestApi;
let origin: string;
let job_type_id: string;
let customer_id: string;
let key: string;

beforeAll(async () => {
  api = await createTestApi();
  origin = await api.api.listen({ host: "127.0.0.1", port: 0 });
  job_type_id = await createJobType(api.platform, { standard_cost_cents: 0 });
  customer_id = await createCustomer(api.platform, 1_000);
  key = (await api.ask("POST", `/customers/${customer_id}/api-keys`)).body.api_key;
});

describe("the answer to a bad request is small", () => {
  const unknown = (count: number, length = 5) =>
    Object.fromEntries(Array.from({ length: count }, (_, n) => [`${n}`.padStart(length, "x"), 1]));

  test("a batch of a thousand items with eighty unknown fields each", async () => {
    const jobs = Array.from({ length: 1_000 }, () => unknown(80));
    const { status, body, text } = await api.ask("POST", "/jobs/batch", { body: { jobs } });
    expect(status).toBe(200);
    const problems = body.results.map(({ problem }: { problem: { errors?: unknown[] } }) => problem);
    const listed = problems.flatMap(({ errors = [] }: { errors?: unknown[] }) => errors);
    expect(listed).toHaveLength(ERRORS_PER_REQUEST_MAX);
    expect(new Set(problems.map(({ code }: { code: string }) => code))).toEqual(
      new Set(["validation_failed"]),
    );
    expect(problems[999].detail).toContain("lists 100 wrong fields at most");
    expect(text.length).toBeLessThan(400_000);
  });

  test("a batch of postings, the same", async () => {
    const postings = Array.from({ length: 1_000 }, () => unknown(40));
    const { body } = await api.ask("POST", "/wallets/batch", { body: { postings } });
    const listed = body.results.flatMap(
      ({ problem }: { problem: { errors?: unknown[] } }) => problem.errors ?? [],
    );
    expect(listed).toHaveLength(ERRORS_PER_REQUEST_MAX);
  });

  test.each([
    ["a name of 1 MiB", { ["x".repeat(1_000_000)]: 1 }],
    ["names of 10,000 characters", unknown(100, 10_000)],
    ["names that are escaped", { ["\u0001".repeat(150_000)]: 1 }],
    ["a wrong value below a long name", { input_data: { ["x".repeat(900_000)]: "\u0000" } }],
    ["a value of 1 MiB", { priority: "x".repeat(1_000_000) }],
  ])("%s", async (_what, fields) => {
    const { status, text, body } = await api.ask("POST", "/jobs", {
      body: { customer_id, job_type_id, input_data: 1, ...fields },
    });
    expect(status).toBe(422);
    expect(text.length).toBeLessThan(40_000);
    for (const { pointer, message } of body.errors) {
      expect(pointer.length).toBeLessThanOrEqual(200);
      expect(message.length).toBeLessThanOrEqual(500);
    }
  });
});

describe("a name that stands twice in one object", () => {
  test.each([
    [
      "top-ups",
      () => `/customers/${customer_id}/wallet/top-ups`,
      '{"amount_cents":1,"amount_cents":100,"reference":"r"}',
      "/amount_cents",
    ],
    [
      "adjustments",
      () => `/customers/${customer_id}/wallet/adjustments`,
      '{"amount_cents":1,"reference":"r","reason":"x","reference":"r"}',
      "/reference",
    ],
    [
      "grants",
      () => `/customers/${customer_id}/wallet/grants`,
      '{"amount_cents":1,"\\u0061mount_cents":1,"reference":"r"}',
      "/amount_cents",
    ],
    [
      "a batch",
      () => "/wallets/batch",
      '{"postings":[{"kind":"grant"},{"kind":"grant","kind":"chargeback"}]}',
      "/postings/1/kind",
    ],
    ["jobs", () => "/jobs", '{"input_data":{"a":[{"b":1,"b":2}]}}', "/input_data/a/0/b"],
    ["batches of jobs", () => "/jobs/batch", '{"jobs":[{"priority":0,"priority":1}]}', "/jobs/0/priority"],
    [
      "job types",
      () => "/job-types",
      '{"standard_cost_cents":1,"standard_cost_cents":0}',
      "/standard_cost_cents",
    ],
    ["customers", () => "/customers", '{"currency":"EUR","currency":"JPY"}', "/currency"],
  ])("is refused by %s, which names the place", async (_what, path, raw, pointer) => {
    const { status, body } = await api.ask("POST", path(), { raw });
    expect([status, body.code, body.errors.map((error: { pointer: string }) => error.pointer)]).toEqual([
      400,
      "malformed_request",
      [pointer],
    ]);
  });

  test.each([
    ["PATCH", () => `/customers/${customer_id}/wallet`, '{"credit_limit_cents":0,"credit_limit_cents":9}'],
    ["PUT", () => `/job-types/${job_type_id}/prices/${customer_id}`, '{"cost_cents":1,"cost_cents":2}'],
  ])("is refused by %s, too", async (method, path, raw) => {
    expect((await api.ask(method, path(), { raw })).body.code).toBe("malformed_request");
  });

  test("is found in a large body", async () => {
    const raw = `{"input_data":[${"0,".repeat(100_000)}{"a":1,"a":2}]}`;
    const { status, body } = await api.ask("POST", "/jobs", { raw });
    expect([status, body.errors[0].pointer]).toEqual([400, "/input_data/100000/a"]);
  });
});

describe("bytes under way", () => {
  /** A request whose body is told but has not come, and so is under way until it does. */
  async function begin(bytes: number, headers: Record<string, string>): Promise<ClientRequest> {
    const begun = send(`${origin}/jobs`, {
      method: "POST",
      headers: { "content-type": "application/json", "content-length": bytes, ...headers },
    });
    begun.on("error", () => {});
    const arrived = once(api.api.server, "request");
    begun.flushHeaders();
    await arrived;
    return begun;
  }

  const answerTo = async (
    begun: ClientRequest,
  ): Promise<{ status: number; headers: IncomingMessage["headers"]; code: string }> => {
    const [response]: IncomingMessage[] = await once(begun, "response");
    if (!response) throw new Error("no response");
    // A problem has a code.
    const { code } = (await json(response)) as { code: string };
    return { status: response.statusCode ?? 0, headers: response.headers, code };
  };

  test("of one customer are bounded; those of others, and small ones, are not in the way", async () => {
    const authorization = `Bearer ${key}`;
    const count = BYTES_IN_FLIGHT_MAX / BODY_BYTES_MAX;
    const begun: ClientRequest[] = [];
    for (let n = 0; n < count; n += 1) begun.push(await begin(BODY_BYTES_MAX, { authorization }));
    const full = async () => await answerTo(await begin(BODY_BYTES_MAX, { authorization }));
    await waitFor(async () => (await api.ask("GET", "/jobs", { key })).status === 200);
    const refused = await full();
    expect([refused.status, refused.code, refused.headers["retry-after"]]).toEqual([
      429,
      "rate_limited",
      "1",
    ]);
    const small = { customer_id, job_type_id, input_data: "small" };
    expect((await api.ask("POST", "/jobs", { key, body: small })).status).toBe(201);
    const large = { ...small, input_data: "x".repeat(100_000) };
    expect((await api.ask("POST", "/jobs", { key, body: large })).status).toBe(429);
    expect((await api.ask("POST", "/jobs", { body: large })).status).toBe(201);
    for (const one of begun) one.destroy();
    await waitFor(async () => (await api.ask("POST", "/jobs", { key, body: large })).status === 201);
  });

  test("of an address without a valid key are bounded, and those with one are not in the way", async () => {
    const authorization = "Bearer wrong";
    const count = STRANGER_BYTES_IN_FLIGHT_MAX / BODY_BYTES_MAX;
    const begun: ClientRequest[] = [];
    const codes: string[] = [];
    // Each is answered at once, and under way until its body has come: nothing is kept of that.
    for (let n = 0; n < count; n += 1) {
      const one = await begin(BODY_BYTES_MAX, { authorization });
      begun.push(one);
      codes.push((await answerTo(one)).code);
    }
    expect(new Set(codes)).toEqual(new Set(["invalid_api_key"]));
    const refused = await answerTo(await begin(BODY_BYTES_MAX, { authorization }));
    expect([refused.status, refused.code]).toEqual([429, "rate_limited"]);
    const body = { customer_id, job_type_id, input_data: "x".repeat(100_000) };
    expect((await api.ask("POST", "/jobs", { key, body })).status).toBe(201);
    for (const one of begun) one.destroy();
    await waitFor(async () => {
      const { code } = await answerTo(await begin(BODY_BYTES_MAX, { authorization }));
      return code === "invalid_api_key";
    });
  });
});

describe("preferences", () => {
  const prefer = (value: string) => api.ask("GET", "/jobs", { headers: { prefer: value } });

  test.each([
    ["wait=10", undefined, "wait=10"],
    ["respond-async, wait=10", undefined, "respond-async, wait=10"],
    ['foo="a b"; x=1, handling=lenient', "handling=lenient", 'foo="a b"'],
    ["return=representation", undefined, "return=representation"],
    ["handling=strict", "handling=strict", undefined],
    ["", undefined, undefined],
    ["wait=1, wait=2", undefined, "wait=1"],
  ])("%j: what is not honoured is told, and the request is served", async (value, applied, ignored) => {
    const { status, headers } = await prefer(value);
    expect([status, headers["preference-applied"], headers["preference-ignored"]]).toEqual([
      200,
      applied,
      ignored,
    ]);
  });

  test("a submission returns what it created, as `return=representation` asks", async () => {
    const body = { customer_id, job_type_id, input_data: 1 };
    const { status, headers } = await api.ask("POST", "/jobs", {
      body,
      headers: { prefer: "return=representation, handling=strict" },
    });
    expect([status, headers["preference-applied"]]).toEqual([201, "return=representation, handling=strict"]);
  });

  test("with handling=strict, one that is not honoured refuses the request before anything is done", async () => {
    const before = (await api.ask("GET", `/jobs?customer_id=${customer_id}`)).body.data.length;
    const { status, body } = await api.ask("POST", "/jobs", {
      body: { customer_id, job_type_id, input_data: 1 },
      headers: { prefer: "handling=strict, respond-async" },
    });
    expect([status, body.code]).toEqual([400, "malformed_request"]);
    expect(body.detail).toContain("respond-async");
    expect((await api.ask("GET", `/jobs?customer_id=${customer_id}`)).body.data).toHaveLength(before);
  });

  test("a header of 10 kB is answered with a short one", async () => {
    const { headers } = await prefer(`${"a".repeat(10_000)}=${"b".repeat(1_000)}`);
    expect(String(headers["preference-ignored"]).length).toBeLessThan(210);
  });
});

describe("the log", () => {
  test("has no query and no key, wherever they stand", async () => {
    const { lines, ask } = await logged();
    await ask(`/jobs?api_key=${key}`);
    await ask(`/jobs/${key}`);
    await ask(`/nothing?x=${ADMIN_KEY}`);
    await waitFor(() => lines.length >= 3);
    expect(lines.join("")).not.toContain(key);
    expect(lines.join("")).not.toContain(ADMIN_KEY);
    expect(lines.join("")).not.toContain("api_key=");
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({ method: "GET", path: "/jobs", status: 422 });
  });

  test("of a flood of refusals has the first of a second, and how many more there were", async () => {
    const { lines, ask } = await logged();
    const count = 300;
    await Promise.all(
      Array.from({ length: count }, (_, n) => ask(n % 3 === 0 ? "/nothing" : "/jobs", "wrong")),
    );
    const counted = () =>
      lines.map((line) => JSON.parse(line)).flatMap(({ refused }) => (refused ? [refused] : []));
    const inAll = () =>
      counted().reduce((sum, by) => sum + (by[401] ?? 0) + (by[404] ?? 0), lines.length - counted().length);
    await waitFor(() => inAll() === count);
    expect(counted().length).toBeGreaterThan(0);
    expect(lines.length - counted().length).toBeLessThanOrEqual(REFUSALS_LOGGED_MAX * (counted().length + 1));
  });

  async function logged() {
    const lines: string[] = [];
    const log = pino({ level: "info" }, { write: (line: string) => void lines.push(line) });
    const other = await createTestApi({ log });
    const ask = async (url: string, bearer = ADMIN_KEY) =>
      await other.api.inject({ url, headers: { authorization: `Bearer ${bearer}` } });
    return { lines, ask };
  }
});
