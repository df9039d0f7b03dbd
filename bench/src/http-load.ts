import { connect, type Socket } from "node:net";
import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { now } from "./clock.ts";
import type { HttpRequest } from "./contender.ts";

export interface HttpLoad {
  readonly port: number;
  readonly first: number;
  readonly count: number;
  readonly connections: number;
}

const START_MS = 30_000;
const RETRY_MS = 50;
const HEAD_END = "\r\n\r\n";
const CREATED = /^HTTP\/1\.1 2\d\d /;
const LENGTH = /\r\ncontent-length: (\d+)\r\n/i;

/**
 * Sends `count` requests over a number of connections; each sends the next one when it has its response.
 * Returns how long that took. It uses plain sockets, because the sender shares its cores with what is
 * measured, and a full HTTP client takes about as much CPU as the server.
 */
export async function sendAll(
  { port, first, count, connections }: HttpLoad,
  toRequest: (n: number) => HttpRequest,
): Promise<number> {
  const sockets = await Promise.all(Array.from({ length: connections }, () => open(port)));
  let next = first;
  const end = first + count;
  const started_at = now();
  await Promise.all(
    sockets.map(async (socket) => {
      while (next < end) {
        const n = next;
        next += 1;
        await exchange(socket, serialize(port, toRequest(n)));
      }
    }),
  );
  const elapsed_ms = now() - started_at;
  for (const socket of sockets) socket.destroy();
  return elapsed_ms;
}

/** Waits for a contender that is still starting: until then its port refuses. */
async function open(port: number): Promise<Socket> {
  const deadline = now() + START_MS;
  for (;;) {
    const socket = connect({ host: "127.0.0.1", port, noDelay: true });
    socket.setEncoding("latin1");
    try {
      await once(socket, "connect");
      return socket;
    } catch (error) {
      socket.destroy();
      if (!isRefusal(error) || now() > deadline) throw error;
      await wait(RETRY_MS);
    }
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ECONNREFUSED";
}

function serialize(port: number, { authorization, body }: HttpRequest): string {
  const text = JSON.stringify(body);
  const head = [
    "POST /jobs HTTP/1.1",
    `host: 127.0.0.1:${port}`,
    "content-type: application/json",
    `content-length: ${Buffer.byteLength(text)}`,
    ...(authorization === undefined ? [] : [`authorization: ${authorization}`]),
  ];
  return `${head.join("\r\n")}${HEAD_END}${text}`;
}

/** Throws on anything but a 2xx with its whole body. */
function exchange(socket: Socket, request: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let received = "";
    const finish = (error?: Error): void => {
      socket.off("data", read);
      socket.off("close", lost);
      socket.off("error", finish);
      if (error) reject(error);
      else resolve();
    };
    const lost = (): void => finish(new Error("the API closed the connection"));
    const read = (text: string): void => {
      received += text;
      const head = received.indexOf(HEAD_END);
      if (head === -1) return;
      if (!CREATED.test(received)) return finish(new Error(`the API answered ${received}`));
      const length = Number(LENGTH.exec(received)?.[1] ?? Number.NaN);
      if (Number.isNaN(length)) return finish(new Error(`an answer without content-length: ${received}`));
      if (received.length >= head + HEAD_END.length + length) finish();
    };
    socket.on("data", read);
    socket.on("close", lost);
    socket.on("error", finish);
    socket.write(request);
  });
}
