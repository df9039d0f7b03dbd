import { once } from "node:events";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { atTheEnd } from "../support/cleanup.ts";

/** A proxy that hands on what comes below a prefix, without it. Returns its address with the prefix. */
export async function startPrefixProxy(prefix: string, target: string): Promise<string> {
  const server = createServer((incoming, reply) => {
    const path = incoming.url ?? "";
    if (!path.startsWith(`${prefix}/`)) {
      reply.writeHead(404).end("outside of the prefix");
      return;
    }
    const { method, headers } = incoming;
    const outgoing = request(new URL(path.slice(prefix.length), target), { method, headers }, (answer) => {
      reply.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(reply);
    });
    outgoing.on("error", () => reply.writeHead(502).end());
    incoming.pipe(outgoing);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  atTheEnd(async () => {
    server.closeAllConnections();
    server.close();
  });
  // A server that listens on a port has such an address.
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}${prefix}`;
}
