import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { admitScraper } from "../core/lib/admit-scraper.ts";
import { PlatformError } from "../core/lib/errors.ts";
import { OperatorError } from "../core/lib/operator-error.ts";
import { HEADER_BYTES_MAX, REQUEST_TIMEOUT_MS } from "../core/model/limits.ts";
import type { MetricsPage } from "../core/model/meters.ts";

interface Options {
  readonly page: MetricsPage;
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
  /** METRICS_TOKEN. */
  readonly token: string | undefined;
}

interface MetricsServer {
  readonly url: string;
  close(): Promise<void>;
}

/** Serves `GET /metrics` for a process that has no API, and nothing else. */
export async function serveMetrics({ page, host, port, token }: Options): Promise<MetricsServer> {
  const limits = { maxHeaderSize: HEADER_BYTES_MAX, requestTimeout: REQUEST_TIMEOUT_MS };
  const server = createServer(limits, (request, response) => void answer(request, response, page, token));
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(cannotListen(error, host, port)));
    server.listen(port, host, resolve);
  });
  // A server that listens on a port, and not on a pipe, has this form of address.
  const { address, family, port: chosen } = server.address() as AddressInfo;
  return {
    url: `http://${family === "IPv6" ? `[${address}]` : address}:${chosen}/metrics`,
    async close() {
      const closed = new Promise((resolve) => void server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  page: MetricsPage,
  token: string | undefined,
): Promise<void> {
  const { method = "", url = "", headers, socket } = request;
  const send = (status: number, type: string, text: string, more: Record<string, string> = {}): void =>
    void response.writeHead(status, { "content-type": type, "cache-control": "no-store", ...more }).end(text);
  // A body is not read: the connection ends with the answer.
  if (headers["content-length"] !== undefined || headers["transfer-encoding"] !== undefined)
    response.setHeader("connection", "close");
  if (url.split("?")[0] !== "/metrics")
    return send(404, PLAIN, "This port has GET /metrics and nothing else.\n");
  if (method !== "GET" && method !== "HEAD")
    return send(405, PLAIN, "GET /metrics.\n", { allow: "GET, HEAD" });
  try {
    admitScraper({ remoteAddress: socket.remoteAddress, headers }, token);
    send(200, page.contentType, await page.read());
  } catch (error) {
    if (error instanceof PlatformError)
      send(error.status, PLAIN, `${error.message}\n`, { "www-authenticate": "Bearer" });
    else send(500, PLAIN, "The metrics cannot be read.\n");
  }
}

const PLAIN = "text/plain; charset=utf-8";

function cannotListen(error: Error, host: string, port: number): OperatorError {
  const isTaken = "code" in error && error.code === "EADDRINUSE";
  return new OperatorError(
    "configuration",
    isTaken
      ? `METRICS_PORT: port ${port} of ${host} is taken. Choose another one for each runner of this host.`
      : `METRICS_PORT: cannot listen on port ${port} of ${host}: ${error.message}.`,
    { cause: error },
  );
}
