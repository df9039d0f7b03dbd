import { WEBHOOK_PAUSE_MAX_MS, WEBHOOK_RETRY_AFTER_MAX_MS } from "../model/limits.ts";
import type { ClaimedDelivery, DeliveryAnswer, DeliveryOutcome } from "../model/webhook.ts";

const [SECOND_MS, MINUTE_MS, HOUR_MS] = [1_000, 60_000, 3_600_000];

/** How long the second try waits for the first, and so on: the schedule of Standard Webhooks, 3.15 days in all. */
export const WEBHOOK_SCHEDULE_MS: readonly number[] = [
  5 * SECOND_MS,
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  2 * HOUR_MS,
  5 * HOUR_MS,
  10 * HOUR_MS,
  14 * HOUR_MS,
  20 * HOUR_MS,
  24 * HOUR_MS,
];

/** Each pause of the schedule is longer or shorter by so much, at random. */
const JITTER = 0.1;
/** Answers that ask for less: a Retry-After with them is for the whole endpoint. */
const BUSY: ReadonlySet<number | null> = new Set([429, 502, 503, 504]);
const GONE = 410;

/**
 * What to do after a try. A 2xx is a success and all else a failure, redirects among them. 410 disables the
 * endpoint, and the header `webhook-delivery: abort-message` ends this delivery alone. What was sent by hand says
 * nothing else about the endpoint. `random` is in [0, 1).
 */
export function decideDelivery(
  delivery: Pick<ClaimedDelivery, "id" | "endpoint_id" | "claim" | "tries" | "is_manual">,
  answer: DeliveryAnswer,
  random: number = Math.random(),
): DeliveryOutcome {
  const { status, headers } = answer;
  const base = { delivery, answer };
  if (status !== null && status >= 200 && status < 300)
    return { ...base, kind: "delivered", ...(delivery.is_manual ? {} : { health: "good" }) };
  if (status === GONE) return { ...base, kind: "failed", health: "gone" };
  if (headers["webhook-delivery"] === "abort-message") return { ...base, kind: "failed" };
  // It was sent once more by hand: who did so looks at the answer.
  if (delivery.is_manual) return { ...base, kind: "failed" };
  const wait_ms = readRetryAfter(headers["retry-after"], Date.parse(answer.at));
  const pause_ms =
    wait_ms !== undefined && BUSY.has(status) ? Math.min(wait_ms, WEBHOOK_PAUSE_MAX_MS) : undefined;
  const scheduled_ms = WEBHOOK_SCHEDULE_MS[delivery.tries];
  if (scheduled_ms === undefined) return { ...base, kind: "failed", health: "bad", pause_ms };
  const delay_ms = Math.round(scheduled_ms * (1 - JITTER + 2 * JITTER * random));
  return { ...base, kind: "retry", health: "bad", delay_ms: Math.max(delay_ms, wait_ms ?? 0), pause_ms };
}

/** Of seconds or of a date; undefined when it is neither. */
function readRetryAfter(value: string | undefined, now_ms: number): number | undefined {
  if (value === undefined) return undefined;
  const wait_ms = /^\d{1,9}$/.test(value) ? Number(value) * SECOND_MS : Date.parse(value) - now_ms;
  return Number.isNaN(wait_ms) ? undefined : Math.min(Math.max(0, wait_ms), WEBHOOK_RETRY_AFTER_MAX_MS);
}
