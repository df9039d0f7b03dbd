import { once } from "node:events";
import { connect, createServer, type AddressInfo } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { pino } from "pino";
import { beforeAll, describe, expect, test } from "vitest";
import { runSql } from "../../../test/support/sql.ts";
import { createCustomer, createJobType } from "../../../test/support/test-platform.ts";
import { ADMIN_KEY, createTestApi, type TestApi } from "../test-api.ts";

const MIB = 1024 * 1024;
const AUTHORIZED = { authorization: `Bearer ${ADMIN_KEY}`, "content-type": "application/json" };

let api: TestApi;
let origin: string;

beforeAll(async () => {
  api = await createTestApi();
  origin = await api.api.listen({ host: "127.0.0.1", port: 0 });
});

/** A port on which nobody listens. */
async function deadPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  // A TCP server that listens has an address with a port.
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** What comes back on a socket until it closes. */
function exchange(...parts: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = connect({ port: Number(new URL(origin).port), host: "127.0.0.1" });
    socket.setEncoding("utf8").on("data", (text) => (answer += text));
    socket.on("close", () => resolve(answer)).on("error", reject);
    for (const part of parts) socket.write(part);
  });
}

describe("on the wire", () => {
  test.each([
    ["a length that is told", (size: number) => "x".repeat(size)],
    ["a length that is not told", (size: number) => new Blob(["x".repeat(size)]).stream()],
  ])("a body of 8 MiB with %s is answered, not cut off", async (_what, body) => {
    for (let n = 0; n < 5; n += 1) {
      // Streams need `duplex`, which the type does not have yet.
      const request: RequestInit & { duplex: string } = {
        method: "POST",
        headers: AUTHORIZED,
        body: body(8 * MIB),
        duplex: "half",
      };
      const response = await fetch(`${origin}/jobs`, request);
      expect(response.status).toBe(413);
      expect(await response.json()).toMatchObject({ code: "payload_too_large" });
    }
  });

  test("a body of exactly 1 MiB is read, and one byte more is not", async () => {
    const send = async (bytes: number) => {
      const shell = JSON.stringify({ nothing: "" });
      const body = JSON.stringify({ nothing: "x".repeat(bytes - shell.length) });
      return (await fetch(`${origin}/jobs`, { method: "POST", headers: AUTHORIZED, body })).status;
    };
    expect([await send(MIB), await send(MIB + 1)]).toEqual([422, 413]);
  });

  test("the next request on a connection is served after one that was refused", async () => {
    const refused = `POST /jobs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${ADMIN_KEY}\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\n{"a":`;
    const next = "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    const answer = await exchange(refused, next);
    expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 400", "HTTP/1.1 200"]);
  });

  test("what is not HTTP gets a 400 and nothing of the inside", async () => {
    const answer = await exchange("EHLO example.com\r\n\r\n");
    expect(answer).toContain("HTTP/1.1 400");
    expect(answer).not.toMatch(/node|fastify|HPE_|stack/i);
  });

  test("closing answers what is under way and then lets go of every connection", async () => {
    const other = await createTestApi();
    const url = await other.api.listen({ host: "127.0.0.1", port: 0 });
    const customer_id = await createCustomer(other.platform);
    const job_type_id = await createJobType(other.platform);
    const body = JSON.stringify({ customer_id, job_type_id, input_data: null });
    await (await fetch(`${url}/healthz`)).text(); // leaves an idle connection behind
    const silent = connect({ port: Number(new URL(url).port), host: "127.0.0.1" });
    await once(silent, "connect");
    const hungUp = once(silent.resume(), "close");
    const underWay = Array.from({ length: 20 }, () =>
      fetch(`${url}/jobs`, { method: "POST", headers: AUTHORIZED, body }),
    );
    while (other.platform.submissions.size === 0) await turn();
    const asked_at = performance.now();
    const [answers] = await Promise.all([Promise.allSettled(underWay), other.api.close()]);
    // Whoever was not yet connected when the door closed is refused by the kernel; whoever was, is answered.
    const served = answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value.status] : []));
    expect(served.length).toBeGreaterThan(0);
    expect(new Set(served)).toEqual(new Set([201]));
    expect(await other.platform.jobs.list({ customer_id }, { limit: 100 })).toHaveLength(served.length);
    await hungUp;
    expect(performance.now() - asked_at).toBeLessThan(5_000);
    await expect(fetch(`${url}/healthz`)).rejects.toThrow("fetch failed");
  });
});

/** Whatever comes with a request, its path and its method decide first. */
const ASKS = [{}, { key: null }, { raw: "" }, { raw: "[]" }];

describe("every answer", () => {
  test("has a request id of its own, whatever id the client sends", async () => {
    const headers = { "x-request-id": "mine", "request-id": "mine" };
    const [first, second] = [
      await api.ask("GET", "/jobs", { headers }),
      await api.ask("GET", "/jobs", { headers }),
    ];
    expect(first.headers["request-id"]).not.toBe(second.headers["request-id"]);
  });

  test.each([
    ["GET", "/"],
    ["GET", "/nothing"],
    ["POST", "/jobs/019ab1f1-0a77-7e54-8f8d-3b1b6a4f9c01/nothing"],
  ] as const)("to %s %s is a 404 that repeats nothing of it", async (method, url) => {
    const answers = await Promise.all(ASKS.map((ask) => api.ask(method, url, ask)));
    expect(answers.map(({ status, body }) => [status, body.code])).toEqual(
      ASKS.map(() => [404, "not_found"]),
    );
    expect(answers[0]?.body.detail).toBe("Nothing exists at this path. GET /docs lists all paths.");
  });

  test.each([
    ["DELETE", "/customers", "GET, HEAD, POST"],
    ["PUT", "/jobs", "GET, HEAD, POST"],
    ["PUT", "/jobs?limit=1", "GET, HEAD, POST"],
    ["OPTIONS", "/jobs", "GET, HEAD, POST"],
    ["TRACE", "/jobs", "GET, HEAD, POST"],
    ["QUERY", "/jobs", "GET, HEAD, POST"],
    ["PROPFIND", "/jobs/batch", "POST"],
    ["POST", "/jobs/019ab1f1-0a77-7e54-8f8d-3b1b6a4f9c01", "GET, HEAD"],
    ["GET", "/jobs/019ab1f1-0a77-7e54-8f8d-3b1b6a4f9c01/cancel", "POST"],
    ["PATCH", "/customers/x/api-keys", "GET, HEAD, POST"],
    ["POST", "/healthz", "GET, HEAD"],
    ["POST", "/openapi.json", "GET, HEAD"],
    ["DELETE", "/docs/static/index.css", "GET, HEAD"],
  ])("to %s %s is a 405 that says what the path takes", async (method, url, allow) => {
    const asks = method === "TRACE" ? ASKS.slice(0, 2) : ASKS;
    const answers = await Promise.all(asks.map((ask) => api.ask(method, url, ask)));
    expect(answers.map(({ status, body, headers }) => [status, body.code, headers["allow"]])).toEqual(
      asks.map(() => [405, "method_not_allowed", allow]),
    );
  });

  test.each(["/jobs", "/healthz", "/openapi.json", "/customers"])(
    "to HEAD %s is GET's without the body",
    async (url) => {
      const headers = { authorization: `Bearer ${ADMIN_KEY}` };
      const [head, get] = await Promise.all(
        (["HEAD", "GET"] as const).map((method) => api.api.inject({ method, url, headers })),
      );
      expect([head?.statusCode, head?.body]).toEqual([200, ""]);
      for (const name of ["content-type", "content-length", "cache-control"])
        expect(head?.headers[name]).toBe(get?.headers[name]);
    },
  );

  test.each([
    ["a list", "GET", "/jobs", {}],
    ["a problem", "GET", "/jobs", { key: null }],
    ["an unknown path", "GET", "/nothing", {}],
    ["a path that cannot be read", "GET", "/jobs/%", {}],
    ["a refused body", "POST", "/jobs", { raw: "{" }],
    ["health", "GET", "/healthz", { key: null }],
  ])("is kept by nobody, and is what it says it is: %s", async (_what, method, url, ask) => {
    const { headers } = await api.ask(method, url, ask);
    expect([headers["cache-control"], headers["x-content-type-options"]]).toEqual(["no-store", "nosniff"]);
  });
});

describe("health", () => {
  test("is open to anyone", async () => {
    expect((await api.ask("GET", "/healthz", { key: null })).body).toEqual({ status: "ok" });
    expect((await api.ask("GET", "/readyz", { key: null })).body).toEqual({
      status: "ok",
      checks: { database: "ok", ready_queue: "ok" },
    });
  });

  test("without Redis is degraded: jobs are still taken, and the queue is still counted", async () => {
    const redis = { url: `redis://127.0.0.1:${await deadPort()}`, prefix: "away" };
    const lonely = await createTestApi({ redis });
    const ready = await lonely.ask("GET", "/readyz", { key: null });
    expect(ready.status).toBe(200);
    expect(ready.body).toEqual({
      status: "degraded",
      checks: { database: "ok", ready_queue: "unavailable" },
    });
    const customer_id = await createCustomer(lonely.platform);
    const job_type_id = await createJobType(lonely.platform);
    const body = { customer_id, job_type_id, input_data: 1 };
    expect((await lonely.ask("POST", "/jobs", { body })).status).toBe(201);
    const queue = (await lonely.ask("GET", "/queue")).body;
    expect(queue).toMatchObject({ ready_queue: null, ready_queue_status: "unavailable" });
    expect(queue.priorities[1].ready + queue.priorities[1].backlog).toBe(1);
  });

  test("without its database is down, and says when to try again", async () => {
    const down = await createTestApi({ databaseUrl: `postgres://nobody@127.0.0.1:${await deadPort()}/none` });
    const ready = await down.ask("GET", "/readyz", { key: null });
    expect(ready.status).toBe(503);
    expect(ready.body.checks).toEqual({ database: "unavailable", ready_queue: "ok" });
    expect((await down.ask("GET", "/healthz", { key: null })).status).toBe(200);
    for (const [method, url, ask] of [
      ["GET", "/customers", {}],
      ["GET", "/jobs", { key: `iep_${"x".repeat(43)}` }],
      ["POST", "/customers", { body: { name: "x", email: "x@example.com" } }],
    ] as const) {
      const { status, body, headers } = await down.ask(method, url, ask);
      expect([status, body.code, body.retryable, headers["retry-after"]]).toEqual([
        503,
        "unavailable",
        true,
        "1",
      ]);
    }
  });
});

test("the queue is counted by priority, with and without Redis", async () => {
  const other = await createTestApi();
  const customer_id = await createCustomer(other.platform);
  const job_type_id = await createJobType(other.platform);
  const submit = (job: object) =>
    other.ask("POST", "/jobs", { body: { customer_id, job_type_id, input_data: 1, ...job } });
  await submit({ priority: 0 });
  await submit({ priority: 2 });
  await submit({ priority: 2, run_at: new Date(Date.now() + 60_000).toISOString() });
  const { body } = await other.ask("GET", "/queue");
  expect(body).toMatchObject({ ready_queue: null, ready_queue_status: "not_used" });
  expect(body.priorities).toMatchObject([
    { priority: 0, ready: 0, backlog: 1, scheduled: 0, oldest_wait_seconds: expect.any(Number) },
    { priority: 1, ready: 0, backlog: 0, scheduled: 0, oldest_wait_seconds: null },
    { priority: 2, ready: 0, backlog: 1, scheduled: 1, oldest_wait_seconds: expect.any(Number) },
  ]);
});

describe("what nobody foresaw", () => {
  test("is a 500 that tells the client its request id, and the log everything but secrets", async () => {
    const lines: string[] = [];
    const log = pino({ level: "debug" }, { write: (line: string) => void lines.push(line) });
    const broken = await createTestApi({ log });
    const customer_id = await createCustomer(broken.platform);
    const secret = (await broken.ask("POST", `/customers/${customer_id}/api-keys`)).body.api_key;
    await runSql(broken.databaseUrl, "ALTER TABLE jobs RENAME COLUMN output_data TO lost");
    const { status, body, text } = await broken.ask("GET", "/jobs", { key: secret });
    expect([status, body.code, body.retryable]).toEqual([500, "internal_error", false]);
    expect(text).not.toMatch(/output_data|column|select|stack|pg/i);
    const logged = lines
      .map((line) => JSON.parse(line))
      .find(({ request_id, err }) => err && request_id === body.request_id);
    expect(logged.err.message).toContain("output_data");
    expect(logged.err.stack).toContain("src/");
    expect(lines.join("")).not.toContain(secret);
    expect(lines.join("")).not.toContain(ADMIN_KEY);
  });
});

describe("the documentation", () => {
  test("is served to anyone, and asks no other host for anything", async () => {
    const page = await api.api.inject({ method: "GET", url: "/docs" });
    expect(page.statusCode).toBe(200);
    const assets = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url]) => url ?? "");
    expect(assets.length).toBeGreaterThan(4);
    const served = await Promise.all(assets.map((url) => api.api.inject({ method: "GET", url })));
    expect(assets.filter((url) => !url.startsWith("/docs/static/"))).toEqual([]);
    expect(served.map(({ statusCode }) => statusCode)).toEqual(assets.map(() => 200));
    const initializer = await api.api.inject({ method: "GET", url: "/docs/static/swagger-initializer.js" });
    expect(initializer.body).toContain("validatorUrl: null");
    const styles = await api.api.inject({ method: "GET", url: "/docs/static/swagger-ui.css" });
    expect(styles.body).not.toMatch(/@import|url\(["']?(https?:)?\/\//);
    // Whatever the bundle holds: the browser itself lets nothing out.
    expect(page.headers["content-security-policy"]).toContain("default-src 'none'");
    expect(page.headers["content-security-policy"]).toContain("connect-src 'self'");
    expect(page.headers["content-security-policy"]).not.toMatch(/https?:|\*/);
  });

  test("has the document, and a page that a problem's type leads to", async () => {
    const document = await api.api.inject({ method: "GET", url: "/openapi.json" });
    expect(document.json().openapi).toBe("3.1.0");
    expect((await api.api.inject({ method: "GET", url: "/docs/json" })).json()).toEqual(document.json());
    const { body } = await api.ask("GET", "/jobs", { key: null });
    const page = await api.api.inject({ method: "GET", url: body.type });
    expect(page.statusCode).toBe(200);
    expect(page.body).toContain("<code>missing_api_key</code>");
  });
});
