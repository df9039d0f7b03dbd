/** Jobs and attempts that failed in the same way: job type, error code, and message without its numbers and ids. */
export interface FailureGroup {
  /** Names the group. The same at any time and for anybody. */
  readonly fingerprint: string;
  readonly job_type_id: string;
  readonly code: string;
  /** The message with its numbers, ids and quotes replaced. */
  readonly pattern: string;
  /** The newest message in full length, up to 500 characters. */
  readonly message: string;
  /** Jobs that failed for good. */
  readonly jobs: number;
  /** Attempts that failed, those of jobs that succeeded later among them. */
  readonly attempts: number;
  /** The first time that is known, also before `since`. */
  readonly first_seen_at: string;
  readonly last_seen_at: string;
  readonly customers: number;
  /** What was held for the failed jobs and given back. */
  readonly released: readonly { readonly currency: string; readonly cents: number }[];
  /** One of the jobs. */
  readonly sample_job_id: string;
}

export interface FailureFilter {
  readonly customer_id?: string | undefined;
  readonly job_type_id?: string | undefined;
  readonly since: string;
}

/** Where a page of groups ended. */
export interface FailurePosition {
  readonly last_seen_at: string;
  readonly fingerprint: string;
}

/** What failed, by fingerprint. A job is counted a moment after its end, by upkeep. */
export interface FailureRepository {
  /** The groups that were seen since a time, the last seen first. */
  list(
    filter: FailureFilter,
    page: { readonly limit: number; readonly before?: FailurePosition | undefined },
  ): Promise<FailureGroup[]>;
  /** Groups of failed jobs that are new within the hour, or at least three times as frequent as in the day before. */
  rising(): Promise<RisingFailure[]>;
}

export interface RisingFailure {
  readonly fingerprint: string;
  readonly job_type_id: string;
  readonly typeName: string;
  readonly code: string;
  readonly pattern: string;
  /** Jobs that failed in the last 15 minutes. */
  readonly jobs: number;
  /** Not seen before the last hour. */
  readonly isNew: boolean;
}
