import { PlatformError } from "../../core/lib/errors.ts";
import { SIGN_IN_ADDRESSES_MAX, SIGN_IN_FAILURE_MS, SIGN_IN_FAILURES_MAX } from "../../core/model/limits.ts";

interface Bucket {
  /** Failures that the address had left at that time. */
  left: number;
  at: number;
}

/**
 * Counts the sign-ins that fail, by address: a bucket that fills again by one every `SIGN_IN_FAILURE_MS`. A
 * try is taken before the key is looked at and given back when it was valid, so that tries at the same time
 * count as well.
 */
export class FailedSignIns {
  /** The address that was seen first is forgotten first. */
  readonly #buckets = new Map<string, Bucket>();

  /** Tries to find whose key was sent. Throws `rate_limited` when the address has no try left. */
  async count<Key>(address: string, find: () => Promise<Key>): Promise<Key> {
    this.#take(address);
    try {
      const key = await find();
      this.#giveBack(address);
      return key;
    } catch (error) {
      const isFailure = error instanceof PlatformError && error.code === "invalid_api_key";
      if (!isFailure) this.#giveBack(address);
      throw error;
    }
  }

  #take(address: string): void {
    const now = performance.now();
    const known = this.#buckets.get(address);
    const left = known ? refilled(known, now) : SIGN_IN_FAILURES_MAX;
    if (left < 1) {
      const seconds = Math.ceil(((1 - left) * SIGN_IN_FAILURE_MS) / 1_000);
      throw new PlatformError(
        "rate_limited",
        `Too many sign-ins from this address have failed. Try again in ${seconds} s.`,
        { retry_after_seconds: seconds },
      );
    }
    if (!known && this.#buckets.size >= SIGN_IN_ADDRESSES_MAX)
      this.#buckets.delete(this.#buckets.keys().next().value ?? "");
    this.#buckets.set(address, { left: left - 1, at: now });
  }

  #giveBack(address: string): void {
    const known = this.#buckets.get(address);
    if (!known) return;
    const now = performance.now();
    const left = refilled(known, now) + 1;
    if (left >= SIGN_IN_FAILURES_MAX) this.#buckets.delete(address);
    else this.#buckets.set(address, { left, at: now });
  }
}

function refilled({ left, at }: Bucket, now: number): number {
  return Math.min(SIGN_IN_FAILURES_MAX, left + (now - at) / SIGN_IN_FAILURE_MS);
}
