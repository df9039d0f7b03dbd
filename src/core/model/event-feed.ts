import type { JobEvent } from "./job-event.ts";

/**
 * A place in the feed of all jobs that ended: behind the first `nth` jobs of the row `seq`. Rows are only ever
 * added behind the last one that anybody sees.
 */
export interface FeedPosition {
  /** About the time in microseconds. */
  readonly seq: number;
  readonly nth: number;
}

/** Behind all jobs of a row: no row has more. */
export const WHOLE_ROW = 999;

/** The end of a job, as its own events tell it, with whose it is. */
export type FeedEvent = Extract<JobEvent, { readonly type: "done" }> & {
  readonly job_id: string;
  readonly customer_id: string;
  readonly job_type_id: string;
};

export interface PlacedEvent {
  readonly event: FeedEvent;
  /** Behind it the next one comes. */
  readonly position: FeedPosition;
}

/** A part of the feed. */
export interface FeedPage {
  readonly events: readonly PlacedEvent[];
  /** Behind it the next page begins. */
  readonly position: FeedPosition;
  /** There are more already. */
  readonly more: boolean;
}

interface FeedRange {
  /** Undefined: from the oldest that is kept. */
  readonly after?: FeedPosition | undefined;
  readonly limit: number;
  /** Characters of messages after which a page ends: it has one event at least. */
  readonly characters?: number | undefined;
}

/** Which jobs ended, and how, in one order for all readers: each job once. */
export interface EventFeedRepository {
  /**
   * With `owner`: only jobs of that customer. Throws `validation_failed` when what comes after `after` was
   * forgotten, or when it is of another database. Jobs that retention deleted are left out.
   */
  list(range: FeedRange, owner?: string): Promise<FeedPage>;
  /** The end of the feed as it is now. */
  end(): Promise<FeedPosition>;
  /** Which of these customers have something behind a place, and where the feed ends. */
  grownSince(
    seq: number,
    customers: readonly string[],
  ): Promise<{ readonly end: FeedPosition; readonly customers: ReadonlySet<string> }>;
}

const TEXT = /^f1 (all|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}) (0|[1-9]\d{0,15}) (\d{1,3})$/;

/** A place, and whose events were read up to there: a reader cannot go on with those of somebody else. */
export function writeFeedPosition({ seq, nth }: FeedPosition, owner: string | undefined): string {
  return `f1 ${owner ?? "all"} ${seq} ${nth}`;
}

/** Undefined for a text that `writeFeedPosition` did not write. */
export function readFeedPosition(
  text: string,
): { readonly owner: string | undefined; readonly position: FeedPosition } | undefined {
  const [, owner, seq, nth] = TEXT.exec(text) ?? [];
  if (owner === undefined) return undefined;
  return { owner: owner === "all" ? undefined : owner, position: { seq: Number(seq), nth: Number(nth) } };
}
