import { Client } from "pg";
import type { Bell } from "../../core/model/bell.ts";
import type { Database } from "../connection/database.ts";
import { connectionConfig } from "../connection/pool.ts";

const CHANNEL = "iep_jobs";
/** Prepared: without Redis, every submission rings, and a lone job waits for it. */
const RING = { name: "ring_bell", text: `SELECT pg_notify('${CHANNEL}', '')` };
const RECONNECT_MS = 1_000;

/**
 * A bell by LISTEN/NOTIFY. It rings once a batch, in a transaction of its own: NOTIFY takes a lock that all
 * commits of the server share, so it must not be part of a submission. The listening connection opens with
 * the first `wait` and is opened again when it is lost.
 */
export function createBell(database: Database, url: string): Bell {
  const waiting = new Set<() => void>();
  let listener: Client | undefined;
  let opening = false;
  let closed = false;
  let retry: NodeJS.Timeout | undefined;
  let heard = 0;

  const wake = (): void => {
    heard += 1;
    for (const end of waiting) end();
  };

  async function listen(): Promise<void> {
    if (listener || opening || closed) return;
    opening = true;
    const client = new Client(connectionConfig(url, "iep bell"));
    const lose = (): void => {
      if (listener === client) listener = undefined;
      if (!closed) retry = setTimeout(() => void listen(), RECONNECT_MS).unref();
    };
    client.on("error", () => undefined);
    client.on("end", lose);
    client.on("notification", wake);
    try {
      await client.connect();
      await client.query(`LISTEN ${CHANNEL}`);
      listener = client;
      // A ring while nobody listened was not heard.
      wake();
    } catch {
      // Whoever waits polls as well, so nothing is missed; `lose` tries again.
      await client.end().catch(lose);
    } finally {
      opening = false;
    }
    if (closed) await client.end();
  }

  return {
    wake,
    get heard() {
      return heard;
    },
    async ring() {
      await database.call(RING, []);
    },
    async wait(heardBefore, wait_ms) {
      void listen();
      if (heard > heardBefore) return;
      await new Promise<void>((resolve) => {
        const end = (): void => {
          clearTimeout(timer);
          waiting.delete(end);
          resolve();
        };
        const timer = setTimeout(end, wait_ms);
        waiting.add(end);
      });
    },
    async close() {
      closed = true;
      clearTimeout(retry);
      wake();
      await listener?.end();
    },
  };
}
