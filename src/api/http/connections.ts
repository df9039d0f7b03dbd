import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { CLOSE_MAX_MS } from "../../core/model/limits.ts";
import type { Api } from "./api.ts";

/** What happens on one open connection. */
export interface Connection {
  /** Responses that have not been sent to their end. */
  readonly underWay: Set<ServerResponse>;
  /** The last request whose headers were read. Its body may still be arriving. */
  last: IncomingMessage | undefined;
}

export type Connections = Map<Socket, Connection>;

/**
 * Keeps `connections` true: every open connection of the server, and what is under way on it. It also makes
 * `close` quick. Node closes only the connections that are idle at that moment. A connection whose response
 * comes a moment later would stay open for the whole keep-alive timeout, and one that never sent anything, as
 * browsers open them ahead, for the whole request timeout.
 */
export function trackConnections(api: Api, connections: Connections): void {
  let closing = false;

  api.server.on("connection", (socket) => {
    connections.set(socket, { underWay: new Set(), last: undefined });
    socket.once("close", () => connections.delete(socket));
  });

  api.server.on("request", (request, response) => {
    const connection = connections.get(request.socket);
    if (!connection) return;
    connection.last = request;
    connection.underWay.add(response);
    response.once("close", () => {
      connection.underWay.delete(response);
      if (closing && connection.underWay.size === 0) request.socket.destroySoon();
    });
  });

  api.addHook("preClose", (done) => {
    closing = true;
    for (const [socket, { underWay }] of connections) {
      if (underWay.size === 0) socket.destroySoon();
      for (const response of underWay) if (!response.headersSent) response.setHeader("connection", "close");
    }
    setTimeout(() => api.server.closeAllConnections(), CLOSE_MAX_MS).unref();
    done();
  });
}
