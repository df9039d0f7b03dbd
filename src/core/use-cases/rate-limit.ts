import { TokenBuckets, type BucketPolicy, type Taken } from "../lib/token-buckets.ts";
import { RATE_BUCKETS_MAX, RATE_SHARE_BATCH_MAX, RATE_SHARE_MS } from "../model/limits.ts";
import type { RateShare } from "../model/rate-share.ts";

interface RateLimitOptions {
  /** Tells its buckets from those of other limits. */
  readonly name: string;
  readonly policy: BucketPolicy;
  /** Left out: the buckets are this process's own. */
  readonly share?: RateShare | undefined;
  readonly now?: () => number;
}

/**
 * How often something may be done, by key. This process decides by its own buckets, at once. What it took it tells
 * the other processes a moment later, all keys in one call, and learns what those took. So the rate of all of them
 * together is kept, and what goes above it is what they take within that moment: it is owed, and comes off what
 * follows. While nothing can be shared, each process keeps the rate by itself.
 */
export class RateLimit {
  readonly policy: BucketPolicy;
  readonly #prefix: string;
  readonly #buckets: TokenBuckets;
  readonly #share: RateShare | undefined;
  /** Tokens that were taken, and not told yet. */
  readonly #untold = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;
  #isTelling = false;

  constructor({ name, policy, share, now = () => performance.now() }: RateLimitOptions) {
    this.policy = policy;
    this.#prefix = `${name}:`;
    this.#share = share;
    this.#buckets = new TokenBuckets(policy, RATE_BUCKETS_MAX, now);
  }

  take(key: string): Taken {
    const taken = this.#buckets.take(key);
    if (taken.wait_ms === 0) this.#note(key, 1);
    return taken;
  }

  giveBack(key: string): void {
    this.#buckets.giveBack(key);
    this.#note(key, -1);
  }

  /** Buckets that are kept, and those of them that are to be told. */
  get size(): { readonly buckets: number; readonly untold: number } {
    return { buckets: this.#buckets.size, untold: this.#untold.size };
  }

  #note(key: string, tokens: number): void {
    if (!this.#share) return;
    const before = this.#untold.get(key);
    // What is not told counts in this process all the same.
    if (before === undefined && this.#untold.size >= RATE_BUCKETS_MAX) return;
    this.#untold.set(key, (before ?? 0) + tokens);
    this.#tellIn(RATE_SHARE_MS);
  }

  /** Tells in a while, unless that is under way. */
  #tellIn(delay_ms: number): void {
    if (this.#isTelling || this.#timer) return;
    this.#timer = setTimeout(() => void this.#tell(), delay_ms).unref();
  }

  async #tell(): Promise<void> {
    this.#timer = undefined;
    const share = this.#share;
    if (!share) return;
    const told = [...this.#untold].slice(0, RATE_SHARE_BATCH_MAX);
    for (const [key] of told) this.#untold.delete(key);
    const { capacity, token_ms } = this.policy;
    this.#isTelling = true;
    try {
      const debts = await share.exchange(
        told.map(([key, tokens]) => ({ key: this.#prefix + key, cost_ms: tokens * token_ms })),
        // What all took within a moment may be more than a bucket has. Nobody waits longer than for two of them.
        2 * capacity * token_ms,
      );
      for (const [n, [key]] of told.entries()) {
        const meanwhile_ms = (this.#untold.get(key) ?? 0) * token_ms;
        this.#buckets.owe(key, (debts[n] ?? 0) + meanwhile_ms);
      }
    } catch {
      // Whoever keeps the shared buckets is away, and says so elsewhere. What was not told is forgotten there, and
      // counts here.
    } finally {
      this.#isTelling = false;
    }
    if (this.#untold.size > 0) this.#tellIn(this.#untold.size > RATE_SHARE_BATCH_MAX ? 0 : RATE_SHARE_MS);
  }
}
