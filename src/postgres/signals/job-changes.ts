import { CHANGES_PENDING_MAX, CHANGES_TOLD_MS } from "../../core/model/limits.ts";
import type { FeedWatcher, JobChange, JobChanges } from "../../core/model/job-changes.ts";
import { textArray } from "../connection/arrays.ts";
import type { Database } from "../connection/database.ts";
import { readChanges, writeChanges, type CustomerChanges } from "./change-payloads.ts";
import type { Listener } from "./listener.ts";
import { createWatchInterest, type WatchTimes } from "./watch-interest.ts";

/** Not the name of an earlier release, whose payloads have another form. */
const CHANNEL = "iep_jobs_changed";
/** feed_ended_jobs rings it. */
const FEED_CHANNEL = "iep_event_feed";
/** A payload that says: changes were kept back, because nobody watched. Look. */
const LOOK = "*";
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
  const feeds = new Set<FeedWatcher>();
  let pending = new Map<string, CustomerChanges>();
  let pendingJobs = 0;
  let isLookDue = false;
  /** Somebody may watch: asked anew every 25 ms, because a job has several changes. */
  let isWatched = false;
  const onBegin = (): void => {
    isWatched = true;
    isLookDue = true;
    tellSoon();
  };
  const interest = createWatchInterest(database, listener, onBegin, times);
  let timer: NodeJS.Timeout | undefined;
  let telling: Promise<unknown> | undefined;
  let listens = false;
  let listensToFeed = false;

  function tellSoon(): void {
    timer ??= setTimeout(() => void tellAll(), CHANGES_TOLD_MS).unref();
  }

  function mayBeWatched(): boolean {
    if (timer === undefined) isWatched = interest.ask();
    tellSoon();
    return isWatched;
  }

  /** Where to note what is told of a customer. */
  function pendingOf(customer_id: string): CustomerChanges {
    let changes = pending.get(customer_id);
    if (changes === undefined) pending.set(customer_id, (changes = { jobs: [], hasNewJobs: false }));
    return changes;
  }

  async function tellAll(): Promise<void> {
    timer = undefined;
    // The next ones wait for these: one connection at most, however slow the database is.
    if (telling || (pending.size === 0 && !isLookDue)) return;
    const payloads = [...(isLookDue ? [LOOK] : []), ...writeChanges(pending)];
    pending = new Map();
    pendingJobs = 0;
    isLookDue = false;
    telling = database.call(TELL, [textArray(payloads)]).catch(() => undefined);
    await telling;
    telling = undefined;
    if (pending.size > 0 || isLookDue) tellSoon();
  }

  const reader = {
    changed(customer_id: string, job_id: string, change: JobChange): void {
      for (const watcher of watchers.get(job_id) ?? []) watcher(change);
      for (const feed of feeds) feed.changed(customer_id, job_id);
    },
    hasNewJobs(customer_id: string): void {
      for (const feed of feeds) feed.changed(customer_id);
    },
  };

  function heard(payload: string): void {
    if (watchers.size + feeds.size === 0) return;
    if (payload === LOOK) opened();
    else readChanges(payload, reader);
  }

  /** What was told before, or while the connection was lost, was not heard; or it was not told. */
  function opened(): void {
    for (const heardOf of watchers.values()) for (const watcher of heardOf) watcher("ended");
    for (const feed of feeds) feed.opened();
  }

  function listen(): void {
    if (!listens) listener.listen(CHANNEL, { heard, opened });
    listens = true;
    interest.begin();
  }

  function endIfNobodyWatches(): void {
    if (watchers.size + feeds.size === 0) interest.end();
  }

  function listenToFeed(): void {
    const grew = (): void => {
      for (const feed of feeds) feed.grew();
    };
    if (!listensToFeed) listener.listen(FEED_CHANNEL, { heard: grew, opened: grew });
    listensToFeed = true;
  }

  return {
    tell({ id, customer_id }, change) {
      if (!mayBeWatched() || pendingJobs >= CHANGES_PENDING_MAX) return;
      pendingJobs += 1;
      pendingOf(customer_id).jobs.push([id, change]);
    },
    tellNew(customer_id) {
      if (!mayBeWatched() || pending.size >= CHANGES_PENDING_MAX) return;
      pendingOf(customer_id).hasNewJobs = true;
    },
    watch(job_id, watcher) {
      listen();
      const heardOf = watchers.get(job_id) ?? new Set();
      watchers.set(job_id, heardOf.add(watcher));
      return () => {
        heardOf.delete(watcher);
        if (heardOf.size === 0 && watchers.get(job_id) === heardOf) watchers.delete(job_id);
        endIfNobodyWatches();
      };
    },
    watchAll(watcher) {
      listen();
      listenToFeed();
      feeds.add(watcher);
      return () => {
        feeds.delete(watcher);
        endIfNobodyWatches();
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
