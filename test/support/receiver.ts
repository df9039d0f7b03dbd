import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Webhook } from "standardwebhooks";
import { atTheEnd } from "./cleanup.ts";

/** A request that a receiver of webhooks got. */
export interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly body: {
    readonly type: string;
    readonly timestamp: string;
    readonly sequence?: number;
    readonly data: Record<string, unknown>;
  };
}

export interface Receiver {
  readonly url: string;
  readonly received: readonly Received[];
  /** Of each of them: its path, with the query. */
  readonly paths: readonly string[];
  /** Requests that are being answered, now and at the most. */
  readonly together: { now: number; most: number };
  /** Verifies the signature of all that came. Throws when one is wrong. */
  verify(secret: string): void;
  /** Ends as if killed: connections are cut, and new ones refused. */
  kill(): Promise<void>;
  /** Listens again at the same port. */
  restart(): Promise<void>;
}

/** Answers a request; left out: 200 at once. */
type Answer = (response: ServerResponse, received: Received) => void | Promise<void>;

/** A receiver of webhooks on this machine. Ends with the test. */
export async function startReceiver(
  answer: Answer = (response) => void response.end("ok"),
): Promise<Receiver> {
  const received: Received[] = [];
  const paths: string[] = [];
  const together = { now: 0, most: 0 };
  const listen = async (port: number): Promise<Server> => {
    const server = createServer((request, response) => {
      together.now += 1;
      together.most = Math.max(together.most, together.now);
      response.on("close", () => (together.now -= 1));
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const text = Buffer.concat(chunks).toString();
        // What the tests expect of it is what they then find.
        const one = { headers: request.headers, text, body: JSON.parse(text) as Received["body"] };
        received.push(one);
        paths.push(request.url ?? "");
        void answer(response, one);
      });
    });
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    return server;
  };
  let server = await listen(0);
  const { port } = server.address() as AddressInfo; // it listens on a port
  const kill = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  atTheEnd(kill);
  return {
    url: `http://127.0.0.1:${port}/hook`,
    received,
    paths,
    together,
    verify(secret) {
      for (const { text, headers } of received)
        new Webhook(secret).verify(text, headers as Record<string, string>); // each of them stands once
    },
    kill,
    async restart() {
      server = await listen(port);
    },
  };
}
