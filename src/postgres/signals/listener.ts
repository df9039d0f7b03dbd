import { Client } from "pg";
import { connectionConfig } from "../connection/pool.ts";

const RECONNECT_MS = 1_000;

interface Ear {
  /** A notification came. */
  heard(payload: string): void;
  /** From here on notifications come. What was sent before, or while the connection was lost, did not. */
  opened(): void;
}

/**
 * One connection of a process for LISTEN, which cannot share one with queries. It opens when somebody listens
 * first, and is opened again when it is lost.
 */
export interface Listener {
  /** At most one ear a channel. */
  listen(channel: string, ear: Ear): void;
  close(): Promise<void>;
}

export function createListener(url: string): Listener {
  const ears = new Map<string, Ear>();
  let open: Client | undefined;
  let opening = false;
  let closed = false;
  let retry: NodeJS.Timeout | undefined;
  /** Each statement waits for the one before it: a connection runs one at a time. */
  let last: Promise<unknown> = Promise.resolve();

  async function connect(): Promise<void> {
    if (open || opening || closed) return;
    opening = true;
    const client = new Client(connectionConfig(url, "iep listen"));
    const lose = (): void => {
      if (open === client) open = undefined;
      if (!closed) retry = setTimeout(() => void connect(), RECONNECT_MS).unref();
    };
    client.on("error", () => undefined);
    client.on("end", lose);
    client.on("notification", ({ channel, payload }) => ears.get(channel)?.heard(payload ?? ""));
    try {
      await client.connect();
      open = client;
      for (const channel of ears.keys()) await hear(client, channel);
    } catch {
      // Whoever listens does without; `lose` tries again.
      await client.end().catch(lose);
    } finally {
      opening = false;
    }
    if (closed) await client.end();
  }

  async function hear(client: Client, channel: string): Promise<void> {
    const before = last;
    const mine = (async () => {
      await before;
      await client.query(`LISTEN "${channel}"`);
    })();
    last = mine.catch(() => undefined);
    await mine;
    ears.get(channel)?.opened();
  }

  return {
    listen(channel, ear) {
      ears.set(channel, ear);
      // A connection that fails here also ends, and is opened again.
      if (open) void hear(open, channel).catch(() => undefined);
      else void connect();
    },
    async close() {
      closed = true;
      clearTimeout(retry);
      await open?.end();
    },
  };
}
