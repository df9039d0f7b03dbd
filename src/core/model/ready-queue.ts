import type { ClaimedJob, Priority } from "./job.ts";

/**
 * Of each priority, whether jobs may be pushed. `rings`: the bell wakes runners, and whoever stores the jobs rings it
 * behind their COMMIT, so that a runner hears of them while the reply is on its way.
 */
export type Room = Readonly<Record<Priority, boolean>> & { readonly rings?: boolean };

export interface ReadyJob {
  readonly id: string;
  readonly priority: Priority;
}

export interface ClaimRequest {
  readonly runner_id: string;
  /** Free slots: never more jobs than this are returned. */
  readonly max: number;
  /** The runner runs nothing, so it may get a job that must run alone. */
  readonly idle?: boolean | undefined;
  /** By customer: how many of its jobs this runner runs. */
  readonly running?: ReadonlyMap<string, number> | undefined;
  /** The priorities that this runner serves. Left out: all. */
  readonly priorities?: readonly Priority[] | undefined;
  /** How long to wait for a first job. */
  readonly wait_ms: number;
}

/**
 * Carries job ids to runners. It is a hint, never the truth: PostgreSQL knows which jobs wait, and a job
 * belongs to a runner only when its claim in PostgreSQL succeeded. There are two: on Redis lists, and on
 * PostgreSQL alone.
 */
export interface ReadyQueue {
  /**
   * Returns, from memory, whether jobs may be pushed now. Those that may not wait in the backlog for
   * `refill`.
   */
  room(): Room;
  /**
   * Makes committed jobs known to runners, if that is not done. `room` is what they were stored with. Resolves within
   * `PUSH_TIMEOUT_MS` and never rejects: `refill` pushes later what was not pushed.
   */
  push(jobs: readonly ReadyJob[], room: Room): Promise<void>;
  /**
   * Claims up to `max` jobs that the runner serves: high priority first; within a priority customers take
   * turns, each with its oldest job first. Waits up to `wait_ms` for the first one. Returns none when there
   * was none. While the queue's own server is away it claims straight from PostgreSQL, but throws
   * `unavailable` in the first seconds of that.
   */
  claim(request: ClaimRequest): Promise<ClaimedJob[]>;
  /** Ends a `claim` that waits. It loses no job. */
  wake(): Promise<void>;
  /**
   * Brings a batch of due jobs into the queue: they came due, were never pushed, or their ids are missing.
   * Returns true when there is more to do.
   */
  refill(): Promise<boolean>;
  /**
   * Returns the number of ids in the queue; undefined when it stores no ids of its own. Throws as `ping` does.
   */
  lengths(): Promise<Readonly<Record<Priority, number>> | undefined>;
  /**
   * Looks for its server for the first time, at the start of a process. Never rejects, and takes 1.5 s at
   * most. When the server is away, that is said once, and jobs are taken from PostgreSQL until it is back.
   */
  join(): Promise<void>;
  /** Throws `unavailable` when its server does not respond, or takes no writes. */
  ping(): Promise<void>;
  /** Returns the sentence that names another platform which uses the same lists; undefined without one. */
  findRival(): Promise<string | undefined>;
  close(): Promise<void>;
}
