import { KEY_BURST_SECONDS, SIGN_IN_FAILURE_MS, SIGN_IN_FAILURES_MAX } from "../model/limits.ts";
import type { RateShare } from "../model/rate-share.ts";
import { RateLimit } from "./rate-limit.ts";

/** What is limited by its rate. Undefined: without a limit. */
export interface RateLimits {
  /** Requests, by the id of the key. */
  readonly requests: RateLimit | undefined;
  /** Requests with a key that is not valid, by address. */
  readonly failures: RateLimit | undefined;
  /** Sign-ins that fail, by address. */
  readonly signIns: RateLimit;
}

interface Rates {
  /** 0, or left out: no limit. */
  readonly requests_per_second?: number | undefined;
  readonly failures_per_minute?: number | undefined;
}

export function createRateLimits(
  { requests_per_second = 0, failures_per_minute = 0 }: Rates,
  share?: RateShare,
): RateLimits {
  const limit = (name: string, capacity: number, token_ms: number): RateLimit =>
    new RateLimit({ name, policy: { capacity, token_ms }, share });
  return {
    requests:
      requests_per_second > 0
        ? limit("requests", requests_per_second * KEY_BURST_SECONDS, 1_000 / requests_per_second)
        : undefined,
    failures:
      failures_per_minute > 0
        ? limit("failures", failures_per_minute, 60_000 / failures_per_minute)
        : undefined,
    signIns: limit("sign-ins", SIGN_IN_FAILURES_MAX, SIGN_IN_FAILURE_MS),
  };
}
