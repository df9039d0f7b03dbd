import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Api } from "./api.ts";

/** What is still under way this long after `close` began is cut off: whoever stops us kills us soon after anyway. */
const CLOSE_MAX_MS = 10_000;

/**
 * Makes `close` quick. Node closes the connections that are idle at that moment; one whose answer comes a moment later would stay open for the
 * whole keep-alive timeout, and one that never sent anything, as browsers open them ahead, for the whole request timeout.
 */
export function hangUpOnClose(api: Api): void {
  const underWay = new Map<Socket, Set<ServerResponse>>();
  let closing = false;

  api.server.on("connection", (socket) => {
    underWay.set(socket, new Set());
    socket.once("close", () => underWay.delete(socket));
  });

  api.server.on("request", (request, response) => {
    const answers = underWay.get(request.socket);
    answers?.add(response);
    response.once("close", () => {
      answers?.delete(response);
      if (closing && answers?.size === 0) request.socket.destroySoon();
    });
  });

  api.addHook("preClose", (done) => {
    closing = true;
    for (const [socket, answers] of underWay) {
      if (answers.size === 0) socket.destroySoon();
      for (const answer of answers) if (!answer.headersSent) answer.setHeader("connection", "close");
    }
    setTimeout(() => api.server.closeAllConnections(), CLOSE_MAX_MS).unref();
    done();
  });
}
