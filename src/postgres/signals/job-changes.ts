import { CHANGES_PENDING_MAX, CHANGES_TOLD_MS } from "../../core/model/limits.ts";
import type { JobChange, JobChanges } from "../../core/model/job-changes.ts";
import { textArray } from "../connection/arrays.ts";
import type { Database } from "../connection/database.ts";
import type { Listener } from "./listener.ts";
import { createWatchInterest, type WatchTimes } from "./watch-interest.ts";

const CHANNEL = "iep_job_changes";
/** A payload of NOTIFY has fewer than 8,000 bytes. Each change is an id and a letter. */
const PAYLOAD_CHANGES_MAX = 200;
/** A payload that says: changes were kept back, because nobody watched. Look. */
const LOOK = "*";
const LETTERS = { changed: "c", ended: "e" } as const satisfies Record<JobChange, string>;
const ID_LENGTH = 36;
const ENTRY_LENGTH = ID_LENGTH + 1;
/** In a transaction of its own, and nobody waits for the disk: what a crash forgets, a watcher finds by itself. */
const TELL = {
  name: "tell_job_changes",
  text: `SELECT set_config('synchronous_commit', 'off', true), pg_notify('${CHANNEL}', p) FROM unnest($1::text[]) p`,
};

type Heard = (change: JobChange) => void;

/**
 * Changes of jobs by LISTEN/NOTIFY. All changes of 25 ms go out in one statement, beside the transactions of
 * the hot path: NOTIFY takes a lock that all commits of the server share. A process listens from its first
 * watcher on, by the one connection that it has for that.
 */
export function createJobChanges(database: Database, listener: Listener, times?: WatchTimes): JobChanges {
  const watchers = new Map<string, Set<Heard>>();
  let pending: string[] = [];
  let isLookDue = false;
  /** Somebody may watch: asked anew every 25 ms, because a job has several changes. */
  let isWatched = false;
  const interest = createWatchInterest(
    database,
    listener,
    () => {
      isWatched = true;
      isLookDue = true;
      tellSoon();
    },
    times,
  );
  let timer: NodeJS.Timeout | undefined;
  let telling: Promise<unknown> | undefined;
  let listens = false;

  function tellSoon(): void {
    timer ??= setTimeout(() => void tellAll(), CHANGES_TOLD_MS).unref();
  }

  async function tellAll(): Promise<void> {
    timer = undefined;
    // The next ones wait for these: one connection at most, however slow the database is.
    if (telling || (pending.length === 0 && !isLookDue)) return;
    const entries = pending;
    const payloads = isLookDue ? [LOOK] : [];
    pending = [];
    isLookDue = false;
    for (let n = 0; n < entries.length; n += PAYLOAD_CHANGES_MAX)
      payloads.push(entries.slice(n, n + PAYLOAD_CHANGES_MAX).join(""));
    telling = database.call(TELL, [textArray(payloads)]).catch(() => undefined);
    await telling;
    telling = undefined;
    if (pending.length > 0 || isLookDue) tellSoon();
  }

  function heard(payload: string): void {
    if (watchers.size === 0) return;
    if (payload === LOOK) return opened();
    for (let at = 0; at < payload.length; at += ENTRY_LENGTH) {
      const heardOf = watchers.get(payload.slice(at, at + ID_LENGTH));
      if (heardOf === undefined) continue;
      const change = payload[at + ID_LENGTH] === LETTERS.ended ? "ended" : "changed";
      for (const watcher of heardOf) watcher(change);
    }
  }

  /** What was told before, or while the connection was lost, was not heard; or it was not told. */
  function opened(): void {
    for (const heardOf of watchers.values()) for (const watcher of heardOf) watcher("ended");
  }

  return {
    tell(job_id, change) {
      if (timer === undefined) isWatched = interest.ask();
      tellSoon();
      if (!isWatched || pending.length >= CHANGES_PENDING_MAX) return;
      pending.push(job_id + LETTERS[change]);
    },
    watch(job_id, watcher) {
      if (!listens) listener.listen(CHANNEL, { heard, opened });
      listens = true;
      interest.begin();
      const heardOf = watchers.get(job_id) ?? new Set();
      watchers.set(job_id, heardOf.add(watcher));
      return () => {
        heardOf.delete(watcher);
        if (heardOf.size === 0 && watchers.get(job_id) === heardOf) watchers.delete(job_id);
        if (watchers.size === 0) interest.end();
      };
    },
    async close() {
      interest.close();
      clearTimeout(timer);
      await tellAll();
      await telling;
    },
  };
}
