import { once } from "node:events";
import { connect } from "node:net";
import { beforeAll, describe, expect, test } from "vitest";
import { ADMIN_KEY, createTestApi, type TestApi } from "../test-api.ts";

/** What Node's parser refuses, or reads in two ways, on real sockets: every answer is a problem. */

let api: TestApi;
let port: number;

beforeAll(async () => {
  api = await createTestApi();
  port = Number(new URL(await api.api.listen({ host: "127.0.0.1", port: 0 })).port);
});

interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const NONE: Reply = { status: 0, headers: {}, body: "" };

/** Sends these bytes, and returns every answer that comes until the server hangs up. */
function exchange(...parts: string[]): Promise<Reply[]> {
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = connect({ port, host: "127.0.0.1" });
    socket.setEncoding("utf8").on("data", (piece) => (text += piece));
    socket.on("end", () => socket.end()).on("close", () => resolve(toReplies(text)));
    socket.on("error", reject);
    for (const part of parts) socket.write(part);
  });
}

function toReplies(text: string): Reply[] {
  return text
    .split(/(?=HTTP\/1\.1 \d{3} )/)
    .filter((one) => !one.startsWith("HTTP/1.1 100"))
    .map((one) => {
      const [head = "", body = ""] = one.split("\r\n\r\n");
      const lines = head.split("\r\n").slice(1);
      const headers = Object.fromEntries(
        lines.map((line) => [line.split(": ", 1)[0]?.toLowerCase(), line.slice(line.indexOf(": ") + 2)]),
      );
      return { status: Number(head.slice(9, 12)), headers, body };
    });
}

const AUTHORIZED = `Authorization: Bearer ${ADMIN_KEY}\r\n`;
const JSON_TYPE = "Content-Type: application/json\r\n";
const CLOSE = "Connection: close\r\n";
const get = (headers: string) => `GET /jobs HTTP/1.1\r\n${headers}${CLOSE}\r\n`;
const post = (headers: string, body = "{}") =>
  `POST /jobs HTTP/1.1\r\nHost: x\r\n${AUTHORIZED}${headers}${CLOSE}Content-Length: ${body.length}\r\n\r\n${body}`;

test.each<[string, string, number, string]>([
  ["no HTTP at all", "EHLO example.com\r\n\r\n", 400, "malformed_request"],
  ["a TLS handshake", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, "malformed_request"],
  ["HTTP/2 without being asked", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "malformed_request"],
  ["HTTP/3.0 in the request line", "GET /jobs HTTP/3.0\r\nHost: x\r\n\r\n", 400, "malformed_request"],
  ["a method that nobody knows", "BREW /jobs HTTP/1.1\r\nHost: x\r\n\r\n", 405, "method_not_allowed"],
  ["such a method on an unknown path", "BREW /tea HTTP/1.1\r\nHost: x\r\n\r\n", 404, "not_found"],
  ["a tunnel", "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n", 400, "malformed_request"],
  ["a space in a header's name", get("Host: x\r\nBad Name: 1\r\n"), 400, "malformed_request"],
  ["a folded header", get("Host: x\r\nA: 1\r\n 2\r\n"), 400, "malformed_request"],
  ["a NUL in a header", get("Host: x\r\nA: \0\r\n"), 400, "malformed_request"],
  ["two lengths", post("Content-Length: 5\r\n"), 400, "malformed_request"],
  ["a length and chunks", post("Transfer-Encoding: chunked\r\n"), 400, "malformed_request"],
  ["a length that is no number", get("Host: x\r\nContent-Length: abc\r\n"), 400, "malformed_request"],
  ["headers of 20 KiB", get(`Host: x\r\nA: ${"x".repeat(20_000)}\r\n`), 431, "headers_too_large"],
  ["a path of 20 KiB", `GET /${"x".repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, 431, "headers_too_large"],
  ["an expectation", get("Host: x\r\nExpect: the impossible\r\n"), 417, "expectation_failed"],
  ["no host", get(AUTHORIZED), 400, "malformed_request"],
  ["two hosts", get(`Host: x\r\nHost: y\r\n${AUTHORIZED}`), 400, "malformed_request"],
  ["a host that is none", get(`Host: a b\r\n${AUTHORIZED}`), 400, "malformed_request"],
  ["a host with a path", get(`Host: x/y\r\n${AUTHORIZED}`), 400, "malformed_request"],
  ["two keys", get(`Host: x\r\n${AUTHORIZED}authorization: Bearer iep_x\r\n`), 400, "malformed_request"],
  ["the same key twice", get(`Host: x\r\n${AUTHORIZED}${AUTHORIZED}`), 400, "malformed_request"],
  [
    "two idempotency keys",
    post(`${JSON_TYPE}Idempotency-Key: a\r\nIDEMPOTENCY-KEY: b\r\n`),
    400,
    "malformed_request",
  ],
  ["two content types", post(`${JSON_TYPE}Content-Type: text/plain\r\n`), 400, "malformed_request"],
  [
    "a path that cannot be decoded",
    get("Host: x\r\n").replace("/jobs", "/jobs/%zz"),
    400,
    "malformed_request",
  ],
  [
    "another charset",
    post("Content-Type: application/json; charset=utf-16\r\n"),
    415,
    "unsupported_media_type",
  ],
  [
    "another charset, quoted",
    post('Content-Type: application/json; Charset="ISO-8859-1"\r\n'),
    415,
    "unsupported_media_type",
  ],
])("%s", async (_what, bytes, status, code) => {
  const replies = await exchange(bytes);
  expect(replies.map((reply) => reply.status)).toEqual([status]);
  const { headers, body } = replies[0] ?? NONE;
  expect(headers["content-type"]).toBe("application/problem+json; charset=utf-8");
  const problem = JSON.parse(body);
  expect(problem).toMatchObject({ status, code, request_id: headers["request-id"] });
  expect(headers["request-id"]).toMatch(/^[0-9a-f-]{36}$/);
  expect(headers["cache-control"]).toBe("no-store");
  expect(headers["x-content-type-options"]).toBe("nosniff");
  expect(headers["connection"]).toBe("close");
  expect(Number(headers["content-length"])).toBe(Buffer.byteLength(body));
  expect(headers["allow"]).toBe(status === 405 ? "GET, HEAD, POST" : undefined);
  expect(body).not.toMatch(/node|fastify|HPE_|stack/i);
});

test.each([
  ["UTF-8, in any case", "Content-Type: application/json; charset=UTF-8\r\n", 422],
  ["UTF-8, quoted", 'Content-Type: application/json;charset="utf-8"\r\n', 422],
  ["an upgrade that nobody takes", `${JSON_TYPE}Upgrade: websocket\r\n`, 422],
  ["two Accept headers", `${JSON_TYPE}Accept: a/b\r\nAccept: c/d\r\n`, 422],
])("%s is served", async (_what, headers, status) => {
  expect((await exchange(post(headers))).map((reply) => reply.status)).toEqual([status]);
});

test.each(["x", "x:3000", "127.0.0.1:80", "[::1]:3000", "a-b.example.com.", ""])(
  "the host %j is one",
  async (host) => {
    expect((await exchange(get(`Host: ${host}\r\n${AUTHORIZED}`))).map((reply) => reply.status)).toEqual([
      200,
    ]);
  },
);

test("HTTP/1.0 needs no host", async () => {
  const [reply] = await exchange("GET /healthz HTTP/1.0\r\n\r\n");
  expect(reply?.status).toBe(200);
});

describe("an answer belongs to its request", () => {
  test("what is broken after a request is answered after it", async () => {
    const good = `GET /jobs HTTP/1.1\r\nHost: x\r\n${AUTHORIZED}\r\n`;
    const replies = await exchange(`${good}${good}nonsense\r\n\r\n`);
    expect(replies.map((reply) => reply.status)).toEqual([200, 200, 400]);
    expect(replies[2]?.headers["connection"]).toBe("close");
  });

  test("a body whose chunks break gets one answer", async () => {
    const head = `POST /jobs HTTP/1.1\r\nHost: x\r\n${AUTHORIZED}${JSON_TYPE}Transfer-Encoding: chunked\r\n\r\n`;
    const replies = await exchange(`${head}5\r\n{"a":\r\nzz\r\n`);
    expect(replies.map((reply) => [reply.status, JSON.parse(reply.body).code])).toEqual([
      [400, "malformed_request"],
    ]);
  });

  test("a request that was refused before its body breaks gets no second answer", async () => {
    const head = `POST /jobs HTTP/1.1\r\nHost: x\r\n${JSON_TYPE}Transfer-Encoding: chunked\r\n\r\n`;
    const replies = await exchange(head, `5\r\n{"a":\r\n`, "zz\r\n");
    expect(replies.map((reply) => reply.status)).toHaveLength(1);
    expect([400, 401]).toContain(replies[0]?.status);
  });
});

test("a request that does not arrive in time is told so", async () => {
  const arrived = once(api.api.server, "connection");
  const answers = exchange("POST /jobs HTTP/1.1\r\nHost: x\r\nContent-Le");
  const [socket] = await arrived;
  // What Node does when `requestTimeout` is over, which takes half a minute.
  const late = Object.assign(new Error("Request timeout"), { code: "ERR_HTTP_REQUEST_TIMEOUT" });
  api.api.server.emit("clientError", late, socket);
  expect((await answers).map((reply) => [reply.status, JSON.parse(reply.body).code])).toEqual([
    [408, "request_timeout"],
  ]);
});
