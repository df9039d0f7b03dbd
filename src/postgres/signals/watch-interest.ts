import { randomBytes } from "node:crypto";
import { WATCH_ANNOUNCED_MS, WATCH_BELIEVED_MS } from "../../core/model/limits.ts";
import type { Database, Statement } from "../connection/database.ts";
import type { Listener } from "./listener.ts";

/** How often who watches says so, and how long that is believed. */
export interface WatchTimes {
  readonly announced_ms: number;
  readonly believed_ms: number;
}

const TIMES: WatchTimes = { announced_ms: WATCH_ANNOUNCED_MS, believed_ms: WATCH_BELIEVED_MS };
const CHANNEL = "iep_watching";
const WATCHING = "";
/** In a transaction of its own, and nobody waits for the disk: it is said again and again. */
const SAY: Statement = {
  name: "say_watching",
  text: `SELECT set_config('synchronous_commit', 'off', true), pg_notify('${CHANNEL}', $1)`,
};

/** Whether any process watches jobs, so that a process where nobody does can spare itself to tell of them. */
export interface WatchInterest {
  /** False when it is known that nobody watches. Ask it whenever there may be something to tell. */
  ask(): boolean;
  /** Somebody watches in this process: all others hear of it at once, and every few seconds until `end`. */
  begin(): void;
  end(): void;
  close(): void;
}

/**
 * Processes that watch say so by NOTIFY. One that tells may be silent only while it is proved that it would hear that:
 * through a pooler, LISTEN succeeds and nothing ever comes, and a half-open connection is as deaf. So it sends itself
 * a word as often, over another connection, as long as it has something to tell. Without a late proof, and for a while
 * after its LISTEN connection opened, it tells.
 *
 * `onBegin` is called when somebody may watch again after `ask` has returned false: changes of which the watcher needed
 * to hear may have been kept back meanwhile, so it is to look once.
 */
export function createWatchInterest(
  database: Pick<Database, "call">,
  listener: Listener,
  onBegin: () => void,
  { announced_ms, believed_ms } = TIMES,
): WatchInterest {
  const mine = randomBytes(8).toString("hex");
  let listens = false;
  /** Until when somebody may watch, and until when we would hear that. By `performance.now()`. */
  let watchedUntil = -Infinity;
  let provedUntil = -Infinity;
  let asked_at = -Infinity;
  /** Since somebody was last known to watch, something was not told. */
  let keptBack = false;
  let proving: NodeJS.Timeout | undefined;
  let watching: NodeJS.Timeout | undefined;
  let said_at = -Infinity;

  const say = (text: string): void => void database.call(SAY, [text]).catch(() => undefined);

  /** Only while there is something to tell: an idle process asks nothing of the database. */
  function prove(): void {
    if (performance.now() - asked_at > believed_ms) {
      clearInterval(proving);
      proving = undefined;
    } else say(`${mine} ${performance.now()}`);
  }

  function listen(): void {
    listens = true;
    listener.listen(CHANNEL, {
      heard(text) {
        const now = performance.now();
        if (text.startsWith(mine)) {
          provedUntil = Math.max(provedUntil, Number(text.slice(mine.length)) + believed_ms);
        } else if (text === WATCHING) {
          mayWatch(now);
        }
      },
      opened() {
        provedUntil = -Infinity;
        mayWatch(performance.now());
      },
    });
  }

  function mayWatch(now: number): void {
    watchedUntil = now + believed_ms;
    if (!keptBack) return;
    keptBack = false;
    onBegin();
  }

  function announce(): void {
    said_at = performance.now();
    say(WATCHING);
  }

  return {
    ask() {
      const now = performance.now();
      asked_at = now;
      if (!listens) listen();
      if (!proving) {
        proving = setInterval(prove, announced_ms).unref();
        prove();
      }
      const mayBeThere = watching !== undefined || now < watchedUntil || now > provedUntil;
      keptBack ||= !mayBeThere;
      return mayBeThere;
    },
    begin() {
      if (watching) return;
      watching = setInterval(announce, announced_ms).unref();
      // Who begins again so soon is still listened to.
      if (performance.now() - said_at > announced_ms) announce();
    },
    end() {
      clearInterval(watching);
      watching = undefined;
    },
    close() {
      clearInterval(proving);
      clearInterval(watching);
    },
  };
}
