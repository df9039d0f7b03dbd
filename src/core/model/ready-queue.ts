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
