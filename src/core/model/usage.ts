import type { EndedStatus } from "./figures.ts";

export const USAGE_BUCKETS = ["hour", "day"] as const;
export type UsageBucket = (typeof USAGE_BUCKETS)[number];

/** What ended in one span of time, of one job type. Where nothing ended there is no row. */
export interface UsageRow extends Readonly<Record<EndedStatus, number>> {
  /** The beginning of the hour, or of the day in UTC. */
  readonly starts_at: string;
  readonly job_type_id: string;
  readonly job_type: string;
  readonly charged_cents: number;
}

export interface UsageQuery {
  readonly customer_id: string;
  readonly bucket: UsageBucket;
  /** From the beginning of the span that this time is in. */
  readonly from: string;
  /** Before this time. */
  readonly to: string;
  readonly limit: number;
}

export interface UsageRepository {
  /** Oldest first, then by the name of the job type. Jobs are counted within seconds of their end. */
  list(query: UsageQuery): Promise<UsageRow[]>;
}
