import { setTimeout as wait } from "node:timers/promises";
import type { FastifyReply, FastifyRequest } from "fastify";
import { PlatformError } from "../../core/lib/errors.ts";
import { REFUSAL_DELAY_MS, REFUSALS_HELD_MAX } from "../../core/model/limits.ts";
import type { RateLimit } from "../../core/use-cases/rate-limit.ts";
import type { RateLimits } from "../../core/use-cases/rate-limits.ts";
import { networkOf } from "./network-of.ts";

/** The name of the policy in the headers. */
const POLICY = '"requests"';

/**
 * How often a key may send requests, and an address requests whose key is not valid. The headers are those of
 * draft-ietf-httpapi-ratelimit-headers (10 and 11).
 */
export class RequestRates {
  readonly #requests: RateLimit | undefined;
  readonly #failures: RateLimit | undefined;
  /** What RateLimit-Policy says. */
  readonly #policy: string;
  #held = 0;

  constructor({ requests, failures }: Pick<RateLimits, "requests" | "failures">) {
    this.#requests = requests;
    this.#failures = failures;
    const { capacity = 0, token_ms = 0 } = requests?.policy ?? {};
    this.#policy = `${POLICY};q=${capacity};w=${Math.max(1, Math.round((capacity * token_ms) / 1_000))}`;
  }

  /**
   * Takes a request of a customer's key out of what that key has left, and says what that is. A session counts as
   * the key that it began with. Returns `rate_limited` when nothing is left.
   */
  take(request: FastifyRequest, reply: FastifyReply): PlatformError | undefined {
    const { principal } = request;
    if (!this.#requests || principal?.kind !== "customer") return undefined;
    const { wait_ms, left, full_ms } = this.#requests.take(principal.customer.key.api_key_id);
    const seconds = Math.ceil((wait_ms || full_ms) / 1_000);
    reply.header("ratelimit-policy", this.#policy);
    reply.header("ratelimit", `${POLICY};r=${left};t=${seconds}`);
    return wait_ms === 0 ? undefined : tooOften("requests with this key", seconds);
  }

  /**
   * What to say to a request that was not authenticated: `refusal`, or that there were too many of its kind. A
   * valid key is served from any address, whatever came from there before: many may share one.
   */
  fail(refusal: unknown, request: FastifyRequest): unknown {
    if (!(refusal instanceof PlatformError && refusal.code === "invalid_api_key")) return refusal;
    const wait_ms = this.#failures?.take(networkOf(request.ip)).wait_ms ?? 0;
    return wait_ms === 0
      ? refusal
      : tooOften("requests from this address with a key that is not valid", Math.ceil(wait_ms / 1_000));
  }

  /**
   * Throws what refuses a request. One that came too often is refused a moment later: a sender that asks again at
   * once would otherwise keep the process busy with refusals, beside which others wait.
   */
  async hold(refusal: unknown): Promise<never> {
    if (this.#held < REFUSALS_HELD_MAX) {
      this.#held += 1;
      // Not all of them together, or they would come back together.
      await wait(REFUSAL_DELAY_MS * (0.5 + Math.random()));
      this.#held -= 1;
    }
    throw refusal;
  }
}

/** Whether a refusal says that something came too often, or was too much. */
export function isTooMuch(refusal: unknown): boolean {
  return refusal instanceof PlatformError && refusal.code === "rate_limited";
}

function tooOften(what: string, seconds: number): PlatformError {
  return new PlatformError("rate_limited", `Too many ${what}. Send this one again in ${seconds} s.`, {
    retry_after_seconds: seconds,
  });
}
