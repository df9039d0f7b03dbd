import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { atTheEnd } from "./cleanup.ts";

export interface TcpProxy {
  /** `url` with this proxy in place of its server. */
  readonly url: string;
  /**
   * From now on nothing passes, and nobody is told: sockets stay open, new ones are accepted. What lived
   * through it stays dead after `heal`, as behind a router that forgot its connections.
   */
  blackHole(): void;
  heal(): void;
  /** Holds back every answer for this long. */
  delayAnswers(ms: number): void;
  /** Cuts every connection. New ones work. */
  cut(): void;
  /**
   * From now on, every `nth` time that a client sends something with this text, the server's answer is waited
   * for and dropped, and the connection cut: what was asked was done, and nobody was told.
   */
  loseAnswers(text: string, nth?: number): LostAnswers;
}

export interface LostAnswers {
  /** How many so far. */
  readonly count: number;
  stop(): void;
}

interface Loss {
  readonly text: string;
  readonly nth: number;
  seen: number;
  count: number;
}

/** A TCP proxy before a server, to be broken on purpose; closed at the end of the test. */
export async function startTcpProxy(url: string): Promise<TcpProxy> {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  const dead = new WeakSet<Socket>();
  const losses = new Set<Loss>();
  let swallows = false;
  let delay_ms = 0;

  const losesAnswer = (data: Buffer): boolean => {
    const due = [...losses].filter((loss) => data.includes(loss.text) && ++loss.seen % loss.nth === 0);
    for (const loss of due) loss.count += 1;
    return due.length > 0;
  };
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    if (swallows) dead.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => sockets.delete(socket));
  };
  const server = createServer((client) => {
    keep(client);
    if (swallows) {
      client.resume();
      return;
    }
    const upstream = connect(Number(target.port), target.hostname);
    keep(upstream);
    let cutsAtAnswer = false;
    const passes = (): boolean => !dead.has(client) && !dead.has(upstream);
    client.on("data", (data: Buffer) => {
      if (!passes()) return;
      cutsAtAnswer ||= losesAnswer(data);
      upstream.write(data);
    });
    upstream.on("data", (data) => {
      if (cutsAtAnswer) client.destroy();
      const pass = (): void => void (passes() && client.write(data));
      // In order: timers of one length fire in the order in which they were set.
      if (delay_ms > 0) void wait(delay_ms).then(pass);
      else pass();
    });
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      one.on("close", () => passes() && other.destroy());
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  atTheEnd(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, "close");
  });
  const proxied = new URL(url);
  // A TCP server's address is never a path.
  proxied.port = String((server.address() as AddressInfo).port);
  return {
    url: proxied.href,
    blackHole() {
      swallows = true;
      for (const socket of sockets) dead.add(socket);
    },
    heal() {
      swallows = false;
    },
    delayAnswers(ms) {
      delay_ms = ms;
    },
    cut() {
      for (const socket of sockets) socket.destroy();
    },
    loseAnswers(text, nth = 1) {
      const loss: Loss = { text, nth, seen: 0, count: 0 };
      losses.add(loss);
      return {
        get count() {
          return loss.count;
        },
        stop: () => void losses.delete(loss),
      };
    },
  };
}
