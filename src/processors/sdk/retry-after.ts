import { RETRY_AFTER_MAX_MS } from "../../core/model/limits.ts";

// `Symbol.for`, for the same reason as a processor's: a user's file may throw from a second copy of this
// module.
const RETRY_AFTER = Symbol.for("iep.retry-after");

/** What a `RetryAfter` is given besides its message. */
interface RetryAfterOptions {
  /** How long the next attempt waits: 0 or more, and `RETRY_AFTER_MAX_MS` (a day) at most; more counts as that. */
  readonly delay_ms: number;
  /** Machine-readable, lower-case words with `_`: becomes the `code` of the attempt's error. */
  readonly code?: string;
  readonly cause?: unknown;
}

/**
 * Thrown by a processor: this attempt fails, and the next one begins after the given time instead of after the usual
 * back-off. It counts as an attempt: after the last one the job fails. `message` goes to the customer. Throws a
 * TypeError when `delay_ms` is no time.
 *
 * ```ts
 * throw new RetryAfter("The archive is busy.", { delay_ms: 30_000, code: "archive_busy" });
 * ```
 */
export class RetryAfter extends Error {
  readonly [RETRY_AFTER] = true;
  readonly delay_ms: number;
  readonly code: string | undefined;

  constructor(message: string, { delay_ms, code, cause }: RetryAfterOptions) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "RetryAfter";
    if (typeof delay_ms !== "number" || !(delay_ms >= 0))
      throw new TypeError(`RetryAfter: delay_ms is ${String(delay_ms)}; it must be milliseconds, 0 or more`);
    this.delay_ms = delay_ms;
    this.code = code;
  }
}

/**
 * Returns how long the next attempt waits when a `RetryAfter` was thrown, of this copy of the module or another;
 * undefined when it was anything else. Never throws.
 */
export function retryDelayOf(thrown: unknown): number | undefined {
  try {
    if (!(thrown instanceof Error) || !(RETRY_AFTER in thrown) || !("delay_ms" in thrown)) return undefined;
    const { delay_ms } = thrown;
    if (typeof delay_ms !== "number" || !(delay_ms >= 0)) return undefined;
    return Math.min(Math.round(delay_ms), RETRY_AFTER_MAX_MS);
  } catch {
    // A proxy, which may throw at any question.
    return undefined;
  }
}
