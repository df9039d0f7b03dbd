import type { Priority } from "./job.ts";

/**
 * All jobs that wait: ready (known to runners), in the backlog (due), scheduled (not yet due), and parked
 * (their job type is paused). A job is stamped while it is believed to be in the ready queue. Each call does
 * a bounded batch.
 */
export interface WaitingJobRepository {
  /** Moves scheduled jobs that have come due to the backlog. Returns how many. */
  promoteDue(max: number): Promise<number>;
  /** Counts the jobs stamped as pushed at least `older_ms` ago, by priority. */
  countStamped(older_ms: number): Promise<Record<Priority, number>>;
  /**
   * Moves jobs back to the backlog that were stamped at least `older_ms` ago and are not `present` in the
   * ready queue. Returns how many.
   */
  unstampMissing(missing: {
    priority: Priority;
    older_ms: number;
    present: readonly string[];
  }): Promise<number>;
  /**
   * Stamps jobs of the backlog, with a fair share for each customer, and returns their ids in the order to
   * push them. `after` is the cursor that the call before returned.
   */
  stampBacklog(take: {
    priority: Priority;
    max: number;
    after: string | undefined;
  }): Promise<{ ids: string[]; cursor: string | undefined }>;
  /** Moves parked jobs whose type is no longer paused to the backlog. Returns how many. */
  unpark(max: number): Promise<number>;
  /**
   * Looks at up to `max` jobs of a priority, and moves those up by one that have waited there for `after_ms`.
   * Returns how many moved. `after` is the cursor that the call before returned. A returned cursor of
   * undefined means that the end was reached.
   */
  age(take: {
    priority: Priority;
    after_ms: number;
    max: number;
    after: string | undefined;
  }): Promise<{ aged: number; cursor: string | undefined }>;
  /** Pauses or resumes the whole queue. Running jobs go on. */
  setPaused(paused: boolean): Promise<void>;
  /** Returns since when the whole queue is paused; null when it is not. */
  pausedAt(): Promise<string | null>;
  /** Returns for how many seconds the next job of a priority has waited; undefined when none waits. */
  oldestWait(priority: Priority): Promise<number | undefined>;
  /** Counts the waiting jobs of each kind, for people. */
  overview(): Promise<QueueOverview[]>;
  /** The job types of which due jobs wait, and which no living runner serves. */
  unserved(): Promise<UnservedJobType[]>;
}

export interface UnservedJobType {
  readonly job_type_id: string;
  readonly name: string;
  readonly processing_logic_id: string;
  readonly waiting: number;
}

export interface QueueOverview {
  readonly priority: Priority;
  /** Due, and known to runners. */
  readonly ready: number;
  /** Due, and waiting for room in the ready queue. */
  readonly backlog: number;
  /** Waiting for a later `run_at`. */
  readonly scheduled: number;
  /** Held back because their job type is paused. */
  readonly parked: number;
  /** How long the oldest due job has waited; null when none waits. */
  readonly oldest_wait_seconds: number | null;
}
