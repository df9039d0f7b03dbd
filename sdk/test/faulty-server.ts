import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { atTheEnd } from "../../test/support/cleanup.ts";

/** What a server does with a request that has arrived as a whole. */
export type Behaviour = (response: ServerResponse, request: Arrived) => void;

export interface Arrived {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly at: number;
}

export interface FaultyServer {
  readonly url: string;
  readonly requests: readonly Arrived[];
}

/** A server that does with each request what its place in the list says; the last one goes on. */
export async function startFaultyServer(...behaviours: readonly Behaviour[]): Promise<FaultyServer> {
  const requests: Arrived[] = [];
  const server = createServer((incoming, response) => {
    let body = "";
    incoming.on("data", (chunk: Buffer) => (body += chunk.toString()));
    incoming.on("end", () => {
      const { method = "", url = "", headers } = incoming;
      const arrived = { method, url, headers, body, at: performance.now() };
      const behaviour = behaviours[Math.min(requests.length, behaviours.length - 1)];
      requests.push(arrived);
      behaviour?.(response, arrived);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  atTheEnd(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });
  // A server that listens on a port has such an address.
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

const REQUEST_ID = "019ab1f0-6c1e-7a44-9d7c-2f6a3f1c9e55";
export const TYPE_ID = "019ab1f0-5d33-7b60-93b1-0e7f5a9c1b22";
export const JOB_ID = "019ab1f1-0a77-7e54-8f8d-3b1b6a4f9c01";

/** As far as the SDK reads it. */
export function jobOf(fields: object = {}): object {
  return { id: JOB_ID, job_type_id: TYPE_ID, status: "pending", completed_at: null, ...fields };
}

export function json(status: number, body: object, headers: Record<string, string> = {}): Behaviour {
  return (response) =>
    void response
      .writeHead(status, { "content-type": "application/json", "request-id": REQUEST_ID, ...headers })
      .end(JSON.stringify(body));
}

export function problem(
  code: string,
  status: number,
  {
    headers = {},
    ...members
  }: { readonly headers?: Record<string, string>; readonly [member: string]: unknown } = {},
): Behaviour {
  const body = {
    type: `/docs/errors#${code}`,
    title: code,
    status,
    code,
    detail: `It is ${code}.`,
    request_id: REQUEST_ID,
    retryable: [408, 429, 503].includes(status),
    ...members,
  };
  return json(status, body, { "content-type": "application/problem+json", ...headers });
}

export const reset: Behaviour = (response) => void response.socket?.resetAndDestroy();

/** The head of an answer, a part of its body, and the end of the connection. */
export function half(body: object): Behaviour {
  return (response) => {
    const text = JSON.stringify(body);
    response.writeHead(200, { "content-type": "application/json", "content-length": text.length });
    response.write(text.slice(0, text.length / 2));
    response.once("drain", () => response.socket?.destroy());
    setImmediate(() => response.socket?.destroy());
  };
}

export const html: Behaviour = (response) =>
  void response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><title>Sign in</title>");

/** A stream of events, which `then` may end, cut or leave open. */
export function stream(
  pieces: readonly (string | Uint8Array)[],
  then: (response: ServerResponse) => void,
): Behaviour {
  return (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.flushHeaders();
    let at = 0;
    const next = (): void => {
      const piece = pieces[at];
      at += 1;
      if (piece === undefined) then(response);
      // Each in a packet of its own.
      else response.write(piece, () => setImmediate(next));
    };
    next();
  };
}
