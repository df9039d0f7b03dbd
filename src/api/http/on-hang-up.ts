import type { Socket } from "node:net";
import type { FastifyReply, FastifyRequest } from "fastify";

type Left = () => void;

/** By connection: one listener for all its requests, however many wait on it behind each other. */
const waiting = new WeakMap<Socket, Set<Left>>();

/**
 * Calls `left` once: when the answer is over, or its client has left, also before this call. An answer that is
 * queued behind another one of its connection has no end of its own, so the connection is watched too. Returns
 * a function that forgets it.
 */
export function onHangUp({ raw }: FastifyRequest, reply: FastifyReply, left: Left): () => void {
  const { socket } = raw;
  const all = waiting.get(socket) ?? watch(socket);
  const forget = (): void => {
    reply.raw.off("close", end);
    all.delete(end);
  };
  function end(): void {
    if (!all.has(end)) return;
    forget();
    left();
  }
  all.add(end);
  reply.raw.once("close", end);
  if (socket.destroyed || reply.raw.destroyed) end();
  return forget;
}

function watch(socket: Socket): Set<Left> {
  const all = new Set<Left>();
  waiting.set(socket, all);
  socket.once("close", () => {
    for (const left of all) left();
  });
  return all;
}
