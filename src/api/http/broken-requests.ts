import { randomUUID } from "node:crypto";
import { METHODS, STATUS_CODES, type IncomingMessage, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { ConnectionError } from "fastify";
import { PlatformError } from "../../core/lib/errors.ts";
import { HEADER_BYTES_MAX, HANG_UP_MS, REQUEST_TIMEOUT_MS } from "../../core/model/limits.ts";
import type { AllowOf } from "./allowed-methods.ts";
import { ANSWER_HEADERS } from "./answer-headers.ts";
import type { Connections } from "./connections.ts";
import { pathOf } from "./path-of.ts";
import { noSuchRoute, toProblem } from "./problems.ts";

/** A request line of HTTP/1.x, whose method may be none that Node knows. */
const REQUEST_LINE = /^([\w!#$%&'*+.^`|~-]{1,40}) (\S{1,2000}) HTTP\/1\.[01]\r?\n/;

interface Refusal {
  readonly error: PlatformError;
  readonly allow?: string | undefined;
}

/**
 * Returns the handler of what Node's parser refuses before there is a request: broken framing, headers that
 * are too large, a request that does not arrive in time. It answers with a problem as every other error, and
 * then hangs up, because nobody knows where the next request would begin.
 */
export function refuseBroken(connections: Connections, allowOf: AllowOf) {
  const refused = new WeakSet<Duplex>();

  return (error: ConnectionError, socket: Duplex): void => {
    // The parser complains again of whatever else arrives.
    if (refused.has(socket)) return;
    refused.add(socket);
    if (error.code === "ECONNRESET" || !socket.writable) return void socket.destroy();

    // Every socket of the server is one that it tracks, if it is still open.
    const connection = connections.get(socket as Parameters<Connections["get"]>[0]);
    const isOfLast = connection?.last?.complete === false;
    const responses = [...(connection?.underWay ?? [])];
    const own = isOfLast ? responses.find((response) => response.req === connection?.last) : undefined;
    // The broken body is that of a request which has been answered, at least in part.
    if (isOfLast && (!own || own.headersSent)) return void socket.destroy();
    const send = (): void => sendLast(socket, toRefusal(error, allowOf));
    const before = responses.filter((response) => response !== own).at(-1);
    if (before) before.once("close", send);
    else send();
  };
}

/** Answers `Expect:` with anything but `100-continue`, which Node itself answers without a body. */
export function refuseExpectation(_request: IncomingMessage, response: ServerResponse): void {
  const error = new PlatformError(
    "expectation_failed",
    "100-continue is the only expectation that can be met. Leave the header Expect out.",
  );
  const { headers, body } = toAnswer({ error });
  response.writeHead(error.status, headers).end(body);
}

/** Answers CONNECT, for which Node makes no request. */
export function refuseTunnel(_request: IncomingMessage, socket: Duplex): void {
  sendLast(socket, {
    error: new PlatformError("malformed_request", "This is no proxy: it does not take CONNECT."),
  });
}

function toRefusal({ code, rawPacket }: ConnectionError, allowOf: AllowOf): Refusal {
  switch (code) {
    case "HPE_HEADER_OVERFLOW":
      return {
        error: new PlatformError(
          "headers_too_large",
          `The headers are larger than ${HEADER_BYTES_MAX / 1024} KiB. Send fewer or shorter ones.`,
        ),
      };
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return {
        error: new PlatformError(
          "request_timeout",
          `The request did not arrive within ${REQUEST_TIMEOUT_MS / 1_000} seconds. Send it again.`,
        ),
      };
    case "HPE_INVALID_METHOD": {
      const text = Buffer.isBuffer(rawPacket) ? rawPacket.toString("latin1") : "";
      const [, method, url] = REQUEST_LINE.exec(text) ?? [];
      if (method === undefined || url === undefined || METHODS.includes(method)) break;
      const allow = allowOf(pathOf(url));
      return { error: noSuchRoute(method, allow), allow };
    }
  }
  return {
    error: new PlatformError(
      "malformed_request",
      "This is no valid HTTP/1.1 request: its request line, a header or the framing of its body is broken.",
    ),
  };
}

function sendLast(socket: Duplex, refusal: Refusal): void {
  if (!socket.writable) return void socket.destroy();
  const { status } = refusal.error;
  const { headers, body } = toAnswer(refusal);
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${head.join("\r\n")}\r\n\r\n${body}`);
  // A socket that is closed while bytes wait to be read resets the connection, and the reset can overtake the
  // answer. So what still comes is read and dropped, for a moment.
  socket.resume();
  setTimeout(() => socket.destroy(), HANG_UP_MS).unref();
}

function toAnswer({ error, allow }: Refusal): { headers: Record<string, string | number>; body: string } {
  const request_id = randomUUID();
  const body = JSON.stringify(toProblem(error, request_id));
  return {
    headers: {
      date: new Date().toUTCString(),
      "request-id": request_id,
      ...ANSWER_HEADERS,
      ...(allow === undefined ? {} : { allow }),
      "content-type": "application/problem+json; charset=utf-8",
      "content-length": Buffer.byteLength(body),
      connection: "close",
    },
    body,
  };
}
