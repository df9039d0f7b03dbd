/** How many may be taken at once, and how fast a bucket fills again. */
export interface BucketPolicy {
  /** Tokens of a full bucket. */
  readonly capacity: number;
  /** The time in which one token comes back. */
  readonly token_ms: number;
}

export interface Taken {
  /** Zero when a token was taken; otherwise nothing was, and there is one after this time. */
  readonly wait_ms: number;
  /** Whole tokens that are left. */
  readonly left: number;
  /** How long it takes until the bucket is full again, when nothing more is taken. */
  readonly full_ms: number;
}

/** A bucket is swept away when it is full again: then it says nothing. No more often than this. */
const SWEEP_MS = 1_000;
/** Where none is full, one of so many is forgotten. */
const FORGOTTEN_SHARE = 16;

/**
 * Token buckets, by key. Of each there is one number: when it is full again. A bucket that nobody knows is full.
 * There are `bucketsMax` at most: then a sixteenth is forgotten, of those that were seen first.
 */
export class TokenBuckets {
  readonly policy: BucketPolicy;
  readonly #bucketsMax: number;
  readonly #full_ms: number;
  readonly #now: () => number;
  readonly #full_at = new Map<string, number>();
  #swept_at = -Infinity;

  constructor(policy: BucketPolicy, bucketsMax: number, now: () => number) {
    this.policy = policy;
    this.#bucketsMax = bucketsMax;
    this.#full_ms = policy.capacity * policy.token_ms;
    this.#now = now;
  }

  get size(): number {
    return this.#full_at.size;
  }

  /** Takes one token, if there is one. */
  take(key: string): Taken {
    const now = this.#now();
    const debt_ms = this.#debtOf(key, now);
    const next_ms = debt_ms + this.policy.token_ms;
    const wait_ms = next_ms - this.#full_ms;
    // Sums of times are not exact to the last bit.
    if (wait_ms > 1e-6) return { wait_ms, left: 0, full_ms: debt_ms };
    this.#set(key, now + next_ms, now);
    return { wait_ms: 0, left: this.#leftOf(next_ms), full_ms: next_ms };
  }

  /** Puts one token back. */
  giveBack(key: string): void {
    const now = this.#now();
    this.owe(key, this.#debtOf(key, now) - this.policy.token_ms);
  }

  /** From now on the bucket is full after this time. */
  owe(key: string, debt_ms: number): void {
    const now = this.#now();
    if (debt_ms > 0) this.#set(key, now + debt_ms, now);
    else this.#full_at.delete(key);
  }

  #debtOf(key: string, now: number): number {
    return Math.max(0, (this.#full_at.get(key) ?? now) - now);
  }

  #leftOf(debt_ms: number): number {
    return Math.max(0, Math.floor((this.#full_ms - debt_ms) / this.policy.token_ms + 1e-6));
  }

  #set(key: string, full_at: number, now: number): void {
    if (this.#full_at.size >= this.#bucketsMax && !this.#full_at.has(key)) this.#makeRoom(now);
    this.#full_at.set(key, full_at);
  }

  #makeRoom(now: number): void {
    if (now - this.#swept_at >= SWEEP_MS) {
      this.#swept_at = now;
      for (const [key, full_at] of this.#full_at) if (full_at <= now) this.#full_at.delete(key);
    }
    if (this.#full_at.size < this.#bucketsMax) return;
    // Many at a time: to find the first key of a Map takes as long as there were deletions before it.
    let tooMany = Math.ceil(this.#bucketsMax / FORGOTTEN_SHARE);
    for (const key of this.#full_at.keys()) {
      if (tooMany === 0) break;
      this.#full_at.delete(key);
      tooMany -= 1;
    }
  }
}
