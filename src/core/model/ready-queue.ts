import type { ClaimedJob, Priority } from "./job.ts";

export type Room = Readonly<Record<Priority, boolean>>;

export interface ReadyJob {
  readonly id: string;
  readonly priority: Priority;
}

export interface ClaimRequest {
  readonly runner_id: string;
  /** Free slots: never more jobs than this are answered. */
  readonly max: number;
  /** How long to wait for a first job. */
  readonly wait_ms: number;
}

/**
 * What carries job ids to runners. A hint, never the truth: PostgreSQL knows what waits, and a job is a runner's only once it won the claim.
 * Two ship: Redis lists, and PostgreSQL itself where there is no Redis.
 */
export interface ReadyQueue {
  /** Whether jobs of a priority may be pushed now; what may not waits in the backlog for `refill`. Answers from memory. */
  room(): Room;
  /**
   * Makes committed jobs known to runners; `room` is what they were stamped by. Resolves within `PUSH_TIMEOUT_MS` and never rejects: what was not
   * pushed, `refill` pushes.
   */
  push(jobs: readonly ReadyJob[], room: Room): Promise<void>;
  /**
   * Takes up to `max` jobs, high priority first, oldest first within one; waits up to `wait_ms` for the first. Empty when there was none. While
   * the queue's own server is away it takes them straight from PostgreSQL. Throws `unavailable` in the first seconds of that.
   */
  claim(request: ClaimRequest): Promise<ClaimedJob[]>;
  /** Ends a `claim` that waits; nothing that it popped is lost. */
  wake(): Promise<void>;
  /** One round of bringing waiting jobs in: come due, lost, never pushed. True when a full batch moved: go again. */
  refill(): Promise<boolean>;
  /** Ids in the queue by priority; undefined where the queue has no place of its own. */
  lengths(): Promise<Readonly<Record<Priority, number>> | undefined>;
  /** Throws `unavailable` when its server does not answer. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** A submission's answer never waits longer than this for its push. */
export const PUSH_TIMEOUT_MS = 250;
/** Ids of one priority in the ready queue; what is beyond waits in the backlog, where it is cheap and fair. */
export const READY_WINDOW = 5_000;

/** The backlog of the ready queue: what `refill` moves, a bounded batch at a time. */
export interface BacklogRepository {
  /** Moves scheduled jobs that have come due to the backlog; answers how many. */
  promoteDue(max: number): Promise<number>;
  /** Counts the jobs stamped as pushed at least `older_ms` ago, by priority. */
  countStamped(older_ms: number): Promise<Record<Priority, number>>;
  /** Un-stamps jobs stamped at least `older_ms` ago that are not `present` in the ready queue; answers how many. */
  unstampLost(lost: { priority: Priority; older_ms: number; present: readonly string[] }): Promise<number>;
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
