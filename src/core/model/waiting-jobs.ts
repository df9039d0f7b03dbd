import type { Priority } from "./job.ts";

/** The backlog of the ready queue: what `refill` moves, a bounded batch at a time. */
export interface WaitingJobRepository {
  /** Moves scheduled jobs that have come due to the backlog; answers how many. */
  promoteDue(max: number): Promise<number>;
  /** Counts the jobs stamped as pushed at least `older_ms` ago, by priority. */
  countStamped(older_ms: number): Promise<Record<Priority, number>>;
  /** Un-stamps jobs stamped at least `older_ms` ago that are not `present` in the ready queue; answers how many. */
  unstampMissing(lost: { priority: Priority; older_ms: number; present: readonly string[] }): Promise<number>;
  /** Stamps waiting jobs, fair across customers, and answers them in the order to push. `after` is the cursor of the call before. */
  stampBacklog(take: {
    priority: Priority;
    max: number;
    after: string | undefined;
  }): Promise<{ ids: string[]; cursor: string | undefined }>;
  /** Jobs of types that are no longer paused wait in the backlog again; answers how many moved. */
  unpark(max: number): Promise<number>;
  /**
   * Looks at up to `max` jobs of a priority, and moves those that have waited there for `after_ms` up by one; answers how many. `after` is the
   * cursor of the call before; an undefined one answered means that the end was reached.
   */
  age(take: {
    priority: Priority;
    after_ms: number;
    max: number;
    after: string | undefined;
  }): Promise<{ aged: number; cursor: string | undefined }>;
  /** Holds the whole queue back, or lets it go. Running jobs go on. */
  setPaused(paused: boolean): Promise<void>;
  /** Since when the whole queue is paused; null when it is not. */
  pausedAt(): Promise<string | null>;
  /** How long the job that is next in its priority has waited, in seconds; undefined when none waits. */
  oldestWait(priority: Priority): Promise<number | undefined>;
  /** What waits, for people: counted, up to `COUNT_MAX` of each kind. */
  overview(): Promise<QueueOverview[]>;
}

/** Beyond it, the answer is this number: a count must not read a backlog without end. */
export const COUNT_MAX = 1_000_000;

export interface QueueOverview {
  readonly priority: Priority;
  /** Due and known to runners. */
  readonly ready: number;
  /** Due and waiting for room in the ready queue. */
  readonly backlog: number;
  /** Waiting for a later `run_at`. */
  readonly scheduled: number;
  /** Held back because their job type is paused. */
  readonly parked: number;
  /** How long the oldest due job has waited; null when none waits. */
  readonly oldest_wait_seconds: number | null;
}
