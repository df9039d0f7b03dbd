/** What one process took from a bucket that several share. */
export interface Spent {
  readonly key: string;
  /** The time in which it comes back. */
  readonly cost_ms: number;
}

/** Buckets that all processes share. */
export interface RateShare {
  /**
   * Adds what this process took, and returns, in order, after what time each bucket is full again, by what all
   * took. No bucket owes more than `most_ms`. Rejects when it cannot be known in time.
   */
  exchange(spent: readonly Spent[], most_ms: number): Promise<number[]>;
}
