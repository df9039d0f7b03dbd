import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { CLOSE_MAX_MS } from "../../core/model/limits.ts";
import type { Api } from "./api.ts";

/**
 * Makes `close` quick. Node closes only the connections that are idle at that moment. A connection whose
 * response comes a moment later would stay open for the whole keep-alive timeout, and one that never sent
 * anything, as browsers open them ahead, for the whole request timeout.
 */
export function hangUpOnClose(api: Api): void {
  const underWay = new Map<Socket, Set<ServerResponse>>();
  let closing = false;

  api.server.on("connection", (socket) => {
    underWay.set(socket, new Set());
    socket.once("close", () => underWay.delete(socket));
  });

  api.server.on("request", (request, response) => {
    const responses = underWay.get(request.socket);
    responses?.add(response);
    response.once("close", () => {
      responses?.delete(response);
      if (closing && responses?.size === 0) request.socket.destroySoon();
    });
  });

  api.addHook("preClose", (done) => {
    closing = true;
    for (const [socket, responses] of underWay) {
      if (responses.size === 0) socket.destroySoon();
      for (const response of responses) if (!response.headersSent) response.setHeader("connection", "close");
    }
    setTimeout(() => api.server.closeAllConnections(), CLOSE_MAX_MS).unref();
    done();
  });
}
