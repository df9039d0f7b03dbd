import { PlatformError } from "../../core/lib/errors.ts";
import type { RateLimit } from "../../core/use-cases/rate-limit.ts";
import { networkOf } from "./network-of.ts";

/**
 * Counts the sign-ins that fail, by address. A try is taken before the key is looked at and given back when it
 * was valid, so that tries at the same time count as well.
 */
export class FailedSignIns {
  readonly #limit: RateLimit;

  constructor(limit: RateLimit) {
    this.#limit = limit;
  }

  /** Tries to find whose key was sent. Throws `rate_limited` when the address has no try left. */
  async count<Key>(ip: string, find: () => Promise<Key>): Promise<Key> {
    const address = networkOf(ip);
    const { wait_ms } = this.#limit.take(address);
    if (wait_ms > 0) {
      const seconds = Math.ceil(wait_ms / 1_000);
      throw new PlatformError(
        "rate_limited",
        `Too many sign-ins from this address have failed. Try again in ${seconds} s.`,
        { retry_after_seconds: seconds },
      );
    }
    try {
      const key = await find();
      this.#limit.giveBack(address);
      return key;
    } catch (error) {
      const isFailure = error instanceof PlatformError && error.code === "invalid_api_key";
      if (!isFailure) this.#limit.giveBack(address);
      throw error;
    }
  }
}
