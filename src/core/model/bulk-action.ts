import type { ErrorCode } from "../lib/errors.ts";
import type { IdempotencyKey } from "./idempotency.ts";
import type { JobFilter, JobStatus } from "./job.ts";
import type { Page } from "./page.ts";

export const BULK_ACTIONS = ["cancel", "retry"] as const;
export type BulkActionKind = (typeof BULK_ACTIONS)[number];

/** The statuses of the jobs that an action changes. A filter without `ids` looks at no others. */
export const STATUSES_OF = {
  cancel: ["pending", "running"],
  retry: ["failed", "cancelled"],
} as const satisfies Record<BulkActionKind, readonly JobStatus[]>;

/** `preview`: it counted what it would do, and does nothing. */
export const BULK_STATUSES = ["preview", "running", "done", "stopped"] as const;
export type BulkStatus = (typeof BULK_STATUSES)[number];

export interface BulkFilter extends JobFilter {
  /** Only these jobs. */
  readonly ids?: readonly string[] | undefined;
}

/** What an action did, or would do. */
export interface BulkEffect {
  /** Jobs cancelled, or new jobs of a retry. */
  readonly jobs: number;
  /** Jobs that were passed over, by reason, the most frequent first. */
  readonly skips: readonly { readonly reason: string; readonly jobs: number }[];
  /** Held for the new jobs of a retry, or given back by a cancel, by currency. */
  readonly costs: readonly { readonly currency: string; readonly cents: number }[];
}

export interface BulkExpectation extends BulkEffect {
  /** Jobs that the filter matched. */
  readonly matched: number;
  /** Whether there were too many to count: then there are more, and the other numbers are of those counted. */
  readonly is_capped: boolean;
}

export interface BulkAction extends BulkEffect {
  readonly id: string;
  readonly action: BulkActionKind;
  readonly status: BulkStatus;
  /** The customer who asked; null: the operator. */
  readonly owner_id: string | null;
  readonly filter: BulkFilter;
  readonly expected: BulkExpectation;
  /** Jobs looked at so far. */
  readonly seen: number;
  readonly created_at: string;
  readonly ended_at: string | null;
}

export interface NewBulkAction {
  readonly id: string;
  readonly action: BulkActionKind;
  readonly owner_id: string | undefined;
  readonly filter: BulkFilter;
  readonly isPreview: boolean;
}

/** Jobs that a running action has to work on next. */
export interface BulkBatch {
  readonly actionId: string;
  readonly action: BulkActionKind;
  /** The last job of the batch before; null at the start. */
  readonly after: string | null;
  readonly jobs: readonly BulkJob[];
  /** Ids that were named and are no jobs that the action may reach. */
  readonly missing: readonly string[];
  /** The last job that this batch looks at. */
  readonly reached: string | null;
  /** Whether it is the last batch. */
  readonly ended: boolean;
}

export interface BulkJob {
  readonly id: string;
  readonly customer_id: string;
  readonly job_type_id: string;
  /** Null for a cancel, which needs none. */
  readonly input_data: unknown;
}

export interface BulkActionRepository {
  /**
   * Counts what the action would do, and stores it. With a key that an earlier request had: returns the
   * action of then. Throws `rate_limited` when too many actions of the owner run.
   */
  create(
    action: NewBulkAction,
    key: IdempotencyKey | undefined,
  ): Promise<{ readonly action: BulkAction; readonly replayed: boolean }>;
  /** With `owner`: only when it is that customer's. */
  findById(id: string, owner?: string): Promise<BulkAction | undefined>;
  /** Newest first. */
  list(owner: string | undefined, page: Page): Promise<BulkAction[]>;
  /** Stops an action that runs; what it did stays. Changes nothing when it has ended. */
  stop(id: string, owner?: string): Promise<void>;
  /** The next batch of the action that has waited longest; undefined when none runs. */
  next(): Promise<BulkBatch | undefined>;
  /** Cancels the jobs of a batch. False when another process did, or the action was stopped. */
  cancelBatch(batch: BulkBatch): Promise<boolean>;
  /** Retries the jobs of a batch, except those that have a refusal. False as `cancelBatch`. */
  retryBatch(batch: BulkBatch, refusals: readonly (ErrorCode | undefined)[]): Promise<boolean>;
}
