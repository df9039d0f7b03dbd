import type { PlatformError } from "../lib/errors.ts";
import type { ArrivalPosition } from "./arrival-position.ts";
import type { IdempotencyKey, KeyedItem } from "./idempotency.ts";
import type { Progress } from "./job-log.ts";
import type { StoredJobWebhook } from "./job-webhook.ts";
import type { Page } from "./page.ts";
import type { TraceContext } from "./traces.ts";

/** 0 high, 1 medium, 2 low. */
export const PRIORITIES = [0, 1, 2] as const;
export type Priority = (typeof PRIORITIES)[number];
export const DEFAULT_PRIORITY: Priority = 1;

export const JOB_STATUSES = ["pending", "running", "succeeded", "failed", "cancelled"] as const;
export type JobStatus = (typeof JOB_STATUSES)[number];

/** The life of a job. `running → pending`: the attempt failed and another is due, or its runner let it go. */
export const NEXT_STATUSES = {
  pending: ["running", "cancelled"],
  running: ["succeeded", "failed", "pending", "cancelled"],
  succeeded: [],
  failed: [],
  cancelled: [],
} as const satisfies Record<JobStatus, readonly JobStatus[]>;

export function hasEnded(status: JobStatus): boolean {
  return NEXT_STATUSES[status].length === 0;
}

export interface JobError {
  readonly code: string;
  /** For the customer. */
  readonly message: string;
  /** For the operator alone: where it happened, with the message as it was and with its causes. */
  readonly stack?: string | undefined;
}

export interface AttemptError extends JobError {
  readonly attempt: number;
  readonly at: string;
  readonly runner_id: string | null;
}

/** A job as it is returned. */
export interface Job {
  readonly id: string;
  readonly customer_id: string;
  readonly job_type_id: string;
  readonly status: JobStatus;
  readonly priority: Priority;
  readonly input_data: unknown;
  readonly output_data: unknown;
  /** Why it failed; null while it has not. */
  readonly error: JobError | null;
  /** The errors of its attempts, oldest first, the last 20. */
  readonly errors: readonly AttemptError[];
  /** The price quoted at submission: held while the job is open, and the most that it can cost. */
  readonly estimated_cost_cents: number;
  /** The charge; null unless the job succeeded. */
  readonly cost_cents: number | null;
  /** Grows by one at every claim and never shrinks: the fencing token. */
  readonly attempt: number;
  /** Attempts that do not count towards `max_attempts`: given back at a stop, or lost with a runner. */
  readonly excused_attempts: number;
  readonly max_attempts: number;
  readonly retry_of: string | null;
  /** Not started before. Moves when an attempt failed and the next is to wait. */
  readonly run_at: string;
  /** What a pending job waits for; null when it is not pending. */
  readonly waiting_for: WaitingFor | null;
  readonly created_at: string;
  readonly started_at: string | null;
  readonly completed_at: string | null;
  readonly runner_id: string | null;
  /** How far its latest attempt said it was; null when it did not say. */
  readonly progress: Progress | null;
}

/** A job to create. It has no price: the database quotes it while it takes the hold. */
export interface NewJob {
  /** UUIDv7. */
  readonly id: string;
  readonly customer_id: string;
  readonly job_type_id: string;
  readonly priority: Priority;
  readonly input_data: unknown;
  /** RFC 3339; left out or past means now. */
  readonly run_at?: string | undefined;
  /** Left out: the job type's. */
  readonly max_attempts?: number | undefined;
  readonly retry_of?: string | undefined;
  /** When an earlier request with this key created a job, that job is returned. */
  readonly key?: KeyedItem | undefined;
  /** Who is told of its end, besides the endpoints. */
  readonly webhook?: StoredJobWebhook | undefined;
  /** Where its trace goes on. Left out: it carries none. */
  readonly trace?: TraceContext | undefined;
}

/** What a runner knows of a job that it claimed. */
export interface ClaimedJob {
  readonly id: string;
  readonly customer_id: string;
  readonly job_type_id: string;
  readonly priority: Priority;
  readonly input_data: unknown;
  readonly estimated_cost_cents: number;
  readonly attempt: number;
  readonly max_attempts: number;
  /** Attempts that do not count towards `max_attempts`: given back at a shutdown, or lost with a runner. */
  readonly excused_attempts: number;
  /** Runners that were lost while they ran it, which may be its fault. */
  readonly lost_runners: number;
  /** The lease of the batch in which it was claimed. */
  readonly lease_id: string;
}

export interface TurnsRequest {
  readonly runner_id: string;
  readonly max: number;
  readonly idle?: boolean | undefined;
  readonly running?: ReadonlyMap<string, number> | undefined;
  /** Ids that came out of the ready lists. In a higher list than its own, a job waits at that priority. */
  readonly listed?: readonly { readonly id: string; readonly priority: Priority }[] | undefined;
}

/** How an attempt ended. `attempt` is the fencing token that the claim gave. */
export type Outcome = { readonly id: string; readonly attempt: number } &
  /** `output`: a JSON value, or the `JsonText` of one. */
  (
    | { readonly kind: "succeeded"; readonly output: unknown; readonly cost_cents?: number | undefined }
    | { readonly kind: "failed"; readonly error: JobError }
    | { readonly kind: "retry"; readonly error: JobError; readonly delay_ms: number }
    /** Given back unfinished: pending again at once, and the attempt is not counted. */
    | { readonly kind: "released" }
    | { readonly kind: "cancelled" }
  );

/** Whether it ends the job, not its attempt alone. */
export function isEnd({ kind }: Outcome): boolean {
  return kind !== "retry" && kind !== "released";
}

/** An outcome that was not written, with what the job was instead. */
export interface RefusedOutcome {
  readonly id: string;
  readonly attempt: number;
  /**
   * `already_settled`: by this very attempt, whose reply was lost. `stale`: another attempt has begun, or the
   * job has ended.
   */
  readonly reason: "already_settled" | "stale";
  /** Whether the job runs now, as another attempt than this one. */
  readonly running: boolean;
}

export const WAITING_FOR = ["run_at", "resume", "runner", "limit", "idle_runner", "slot"] as const;

/**
 * `run_at`: its time. `resume`: the queue or its type is paused. `runner`: no living runner serves it. `limit`:
 * as many jobs of its customer or type run as may. `idle_runner`: it lost two runners, and runs apart. `slot`:
 * its turn.
 */
export type WaitingFor = (typeof WAITING_FOR)[number];

export interface JobFilter {
  readonly customer_id?: string | undefined;
  readonly status?: JobStatus | undefined;
  readonly job_type_id?: string | undefined;
  readonly priority?: Priority | undefined;
  readonly created_after?: string | undefined;
  /** Only failed jobs of this group of `FailureRepository`. */
  readonly fingerprint?: string | undefined;
}

/** How many jobs there are: exactly, or at least. */
export interface CappedCount {
  readonly jobs: number;
  /** There are more, or some were not looked at. */
  readonly more: boolean;
}

/** Where jobs live. Batches are the unit: one job is a batch of one. */
export interface JobRepository {
  /** `submit` of one; throws the refusal. */
  create(job: NewJob): Promise<Job>;
  /** With `owner`: only if it is that customer's, so that the check is in the query. */
  findById(id: string, owner?: string): Promise<Job | undefined>;
  /** Those of the jobs that have ended. */
  findEnded(ids: readonly string[]): Promise<ReadonlySet<string>>;
  /** Newest first, by id. */
  list(filter: JobFilter, page: Page): Promise<Job[]>;
  /** How many there are of each status, `STATUS_COUNT_MAX` at most. It looks at a bounded number of jobs. */
  countByStatus(
    filter: Pick<JobFilter, "customer_id" | "job_type_id">,
  ): Promise<Readonly<Record<JobStatus, CappedCount>>>;
  /**
   * The jobs that became visible after `after`, each exactly once, however late its transaction committed:
   * about in the order of their ids. `position` is the next `after`, also when there are no jobs. Throws
   * `validation_failed` when `after` is of another database.
   */
  listArrivals(
    filter: JobFilter,
    page: { readonly limit: number; readonly after?: ArrivalPosition | undefined },
  ): Promise<{ jobs: Job[]; position: ArrivalPosition }>;

  /**
   * Quotes, holds and stores each job on its own. A job and its hold exist together or not at all. Returns,
   * in order, the stored job or the `PlatformError` that says why there is none. Idempotent by id: a job that
   * an earlier call stored, whose reply was lost, is returned as it is, and nothing is held twice. The same
   * holds for a job that was created under the same `key`. When `room[priority]` is true, the job is stamped
   * as pushed, and the caller pushes it after this returns.
   */
  submit(jobs: readonly NewJob[], room: Readonly<Record<Priority, boolean>>): Promise<Submitted[]>;
  /**
   * Returns the jobs that were created under a key, by item; undefined for items that were refused. Throws
   * `idempotency_key_reused` when the key belongs to another request.
   */
  findMade(key: IdempotencyKey): Promise<readonly (Job | undefined)[]>;

  /**
   * Claims jobs for a registered runner, in the order of `ids`. Leaves out ids that are unknown, taken or not
   * due; while the queue is paused, all. Throws `runner_unknown` when the runner is not registered any more.
   */
  claim(claim: { runner_id: string; ids: readonly string[] }): Promise<ClaimedJob[]>;
  /**
   * Claims the next due jobs that the runner serves, by priority; within one, customers take turns (ADR 22).
   * `running`: how many jobs of each customer the runner has. `idle`: it has none, so it may get one that runs
   * alone.
   */
  claimTurns(claim: TurnsRequest): Promise<ClaimedJob[]>;
  /** Whether the last `claimTurns` of this process took all jobs that it saw wait: until the bell rings, there are no more. */
  readonly tookAll: boolean;
  /**
   * Ends attempts and moves their money, in one round trip. Returns the refused outcomes. `doneLeases` are
   * the leases of which no job runs any more: they are deleted.
   */
  settle(outcomes: readonly Outcome[], doneLeases?: readonly string[]): Promise<RefusedOutcome[]>;

  /** `claim` of one: running, with `started_at`. Undefined when the job is not pending and due. */
  setStarted(id: string, runnerId: string): Promise<ClaimedJob | undefined>;
  /** `settle` of one. Throws `stale_attempt` when the job is no longer that attempt's. */
  setCompleted(outcome: Outcome): Promise<Job>;
  /**
   * Ends a pending or running job. It costs nothing, its hold is released, and its runner learns of it by the
   * next heartbeat. With `owner`: only when it is that customer's.
   */
  cancel(id: string, owner?: string): Promise<"cancelled" | "already_ended" | "unknown">;
  /**
   * Looks at up to `max` jobs and deletes those that ended more than `older_days` ago. Their ledger entries
   * stay. `after` is the cursor that the call before returned. A returned cursor of undefined means that the
   * end was reached.
   */
  prune(take: {
    older_days: number;
    max: number;
    after: string | undefined;
  }): Promise<{ pruned: number; cursor: string | undefined }>;
  /** Ends or gives back an attempt without output: `settle` of one. Throws `stale_attempt`. */
  updateStatus(
    fence: { id: string; attempt: number },
    status: (typeof NEXT_STATUSES.running)[number],
  ): Promise<Job>;
}

export type Submitted =
  | {
      readonly job: Job;
      /** Runnable now, not later. */
      readonly due: boolean;
      /** An earlier request under the same key created it. */
      readonly replayed?: boolean | undefined;
    }
  | { readonly refused: PlatformError };
