import { setTimeout as wait } from "node:timers/promises";
import { PlatformError } from "./errors.ts";
import { within } from "./within.ts";

export function isRetryable(error: unknown): error is PlatformError {
  return error instanceof PlatformError && error.retryable;
}

interface RetryOptions {
  /** Gives up after this time and throws the last error, also while an attempt has no reply yet. */
  readonly for_ms: number;
  readonly delay_max_ms?: number;
  readonly onRetry?: (error: unknown, delay_ms: number) => void;
}

const FIRST_DELAY_MS = 50;
const DELAY_MAX_MS = 2_000;
/** What the last attempt gets at least. */
const LAST_MS = 50;

/**
 * Runs again while the error is retryable. Only for work that may safely happen twice: an attempt that
 * failed, or that was not waited for any longer, may have taken effect. The pause doubles each time, with
 * jitter.
 */
export async function withRetry<T>(run: () => Promise<T>, options: RetryOptions): Promise<T> {
  const deadline = performance.now() + options.for_ms;
  const delay_max_ms = options.delay_max_ms ?? DELAY_MAX_MS;
  for (let delay_ms = FIRST_DELAY_MS; ; delay_ms = Math.min(delay_ms * 2, delay_max_ms)) {
    try {
      return await within(deadline - performance.now(), run(), noReply);
    } catch (error) {
      const left_ms = deadline - performance.now() - LAST_MS;
      if (!isRetryable(error) || left_ms <= 0) throw error;
      // The last pause is cut, so that all of the time is used.
      const jittered_ms = Math.min(delay_ms * (0.5 + Math.random()), left_ms);
      options.onRetry?.(error, jittered_ms);
      await wait(jittered_ms);
    }
  }
}

function noReply(): PlatformError {
  return new PlatformError("unavailable", "There was no reply in time.");
}
