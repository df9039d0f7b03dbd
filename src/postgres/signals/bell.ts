import type { Bell } from "../../core/model/bell.ts";
import type { Database } from "../connection/database.ts";
import { BELL_CHANNEL, RING } from "../connection/ring.ts";
import type { Listener } from "./listener.ts";

/**
 * A bell by LISTEN/NOTIFY. It rings once a batch, in a transaction of its own: NOTIFY takes a lock that all
 * commits of the server share, so it must not be part of a submission. It listens from the first `wait` on.
 */
export function createBell(database: Database, listener: Listener): Bell {
  const waiting = new Set<() => void>();
  let listens = false;
  let heard = 0;

  const wake = (): void => {
    heard += 1;
    for (const end of waiting) end();
  };

  return {
    wake,
    get heard() {
      return heard;
    },
    async ring() {
      await database.call(RING, []);
    },
    async wait(heardBefore, wait_ms) {
      // A ring while nobody listened was not heard.
      if (!listens) listener.listen(BELL_CHANNEL, { heard: wake, opened: wake });
      listens = true;
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
      wake();
      await listener.close();
    },
  };
}
