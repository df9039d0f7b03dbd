import { randomBytes } from "node:crypto";
import type { KeyChanges } from "../../core/model/key-changes.ts";
import type { Database } from "../connection/database.ts";
import type { Listener } from "./listener.ts";

/** The channel of the trigger function tell_key_change. */
const CHANNEL = "iep_keys";
const PROVE_MS = 300;
/** How long after its last use the proof is kept up. An idle process asks nothing of the database. */
const USED_MS = 5_000;
/** Nothing is lost when a crash forgets it, so nobody waits for the disk. */
const PROVE = {
  name: "prove_listening",
  text: "SELECT set_config('synchronous_commit', 'off', true), pg_notify($1, $2)",
};

/**
 * Key changes by LISTEN/NOTIFY. That a connection is open proves nothing: through a pooler, LISTEN succeeds
 * and nothing ever comes. So this process sends itself a notification every 300 ms, by another connection.
 * PostgreSQL delivers notifications in the order of their commits, so each one that comes proves that every
 * change before it was heard.
 */
export function createKeyChanges(database: Database, listener: Listener): KeyChanges {
  const mine = `iep_proof_${randomBytes(8).toString("hex")}`;
  const watchers: ((id?: string) => void)[] = [];
  let used_at = -Infinity;
  let proved_at = -Infinity;
  let proving = false;
  let timer: NodeJS.Timeout | undefined;

  async function prove(): Promise<void> {
    if (proving) return;
    if (performance.now() - used_at > USED_MS) {
      clearInterval(timer);
      timer = undefined;
      return;
    }
    proving = true;
    // The database may be away: then nothing is proved, and keys are looked up when it is back.
    await database.call(PROVE, [mine, String(performance.now())]).catch(() => undefined);
    proving = false;
  }

  return {
    watch(forget) {
      watchers.push(forget);
      if (watchers.length > 1) return;
      const tell = (id?: string): void => watchers.forEach((one) => one(id));
      listener.listen(CHANNEL, { heard: tell, opened: () => tell() });
      listener.listen(mine, {
        heard: (sent_at) => (proved_at = Math.max(proved_at, Number(sent_at))),
        opened: () => undefined,
      });
    },
    get proved_at() {
      return proved_at;
    },
    keepProving() {
      used_at = performance.now();
      if (timer) return;
      timer = setInterval(() => void prove(), PROVE_MS).unref();
      void prove();
    },
    close() {
      clearInterval(timer);
      used_at = -Infinity;
    },
  };
}
