import { PlatformError } from "../lib/errors.ts";
import { WEBHOOK_ORIGINS_MAX } from "./limits.ts";
import type { WebhookEndpoint } from "./webhook.ts";

/** What the webhook of a single job can be told. */
export const JOB_WEBHOOK_EVENTS = ["job.succeeded", "job.failed", "job.cancelled", "job.finished"] as const;
export type JobWebhookEvent = (typeof JOB_WEBHOOK_EVENTS)[number];

/** A webhook that a job brings with it: it is for this job alone. */
export interface JobWebhook {
  readonly url: string;
  readonly events: readonly JobWebhookEvent[];
}

/** One that is stored with its job. The endpoint stands for its origin: see `JobWebhookRepository`. */
export interface StoredJobWebhook extends JobWebhook {
  readonly endpoint_id: string;
}

/** A customer and an origin, such as `https://shop.example`. */
export interface WebhookOrigin {
  readonly customer_id: string;
  readonly origin: string;
}

/**
 * The webhooks that jobs bring with them. All of one customer to one origin share an endpoint of the kind `one_off`:
 * its health, its log and its room. All of one customer are signed with one secret.
 */
export interface JobWebhookRepository {
  /**
   * Returns the endpoint of each origin, in order, and creates what is missing. A `PlatformError` where there can
   * be none: `too_many_origins`, `unknown_customer` or `customer_inactive`.
   */
  takeOrigins(origins: readonly WebhookOrigin[]): Promise<(string | PlatformError)[]>;
  /** The webhook that a job brought with it. */
  find(job_id: string): Promise<JobWebhook | undefined>;
  /**
   * Replaces the secret of a customer, or creates the first one. The one before signs as well for `overlap_hours`.
   * True when there was one. Throws `not_found` and `customer_erased`.
   */
  rotateSecret(customer_id: string, secret: string, overlap_hours: number): Promise<boolean>;
}

export function tooManyOrigins(): PlatformError {
  return new PlatformError(
    "too_many_origins",
    `Jobs of this customer have webhooks at ${WEBHOOK_ORIGINS_MAX} origins. Send it to one of these, delete one (GET /webhook-endpoints?kind=one_off lists them), or create an endpoint for all jobs: POST /webhook-endpoints.`,
    { errors: [{ pointer: "/webhook/url", message: "is at one origin too many" }] },
  );
}

/** Refuses what an endpoint cannot do that has no address, no events and no secret of its own. */
export function refuseOneOff({ kind }: Pick<WebhookEndpoint, "kind">, reason: string): void {
  if (kind !== "one_off") return;
  throw new PlatformError(
    "one_off_endpoint",
    `This endpoint stands for webhooks of single jobs, so ${reason}. What each job is told, and where, was said when it was submitted; all of a customer are signed with one secret: POST /customers/{id}/rotate-webhook-secret.`,
  );
}
