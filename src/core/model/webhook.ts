import type { Job } from "./job.ts";
import type { Page } from "./page.ts";

/** What an endpoint can be told. `job.finished` comes after the event of the status, for one job. */
export const WEBHOOK_EVENTS = [
  "job.succeeded",
  "job.failed",
  "job.cancelled",
  "job.finished",
  "wallet.low",
  "wallet.frozen",
  "wallet.topped_up",
  "endpoint.disabled",
] as const;
export type WebhookEvent = (typeof WEBHOOK_EVENTS)[number];

/** `by_hand`: somebody did. `gone`: it answered 410. `failing`: nothing was delivered for five days. */
export const DISABLED_REASONS = ["by_hand", "gone", "failing"] as const;
export type DisabledReason = (typeof DISABLED_REASONS)[number];

/** How much an endpoint is told: all that fits, or which thing it is and where that is read. */
export const WEBHOOK_PAYLOADS = ["full", "thin"] as const;
export type WebhookPayload = (typeof WEBHOOK_PAYLOADS)[number];

/** `one_off`: it stands for webhooks that single jobs brought with them, and its `url` is their origin. */
export const ENDPOINT_KINDS = ["lasting", "one_off"] as const;
export type EndpointKind = (typeof ENDPOINT_KINDS)[number];

export const DELIVERY_STATUSES = ["pending", "delivered", "failed"] as const;
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

/** Which addresses may be endpoints. */
export interface WebhookRules {
  /** Whether private addresses and http are allowed: WEBHOOK_ALLOW_PRIVATE. */
  readonly allowPrivate: boolean;
}

/** Where events are sent to. Its secret is shown once, when it is created, and never read again. */
export interface WebhookEndpoint {
  readonly id: string;
  /** Whose events it gets; null: those of all customers, for the operator. */
  readonly customer_id: string | null;
  readonly kind: EndpointKind;
  readonly url: string;
  readonly events: readonly WebhookEvent[];
  readonly description: string | null;
  readonly payload: WebhookPayload;
  readonly disabled_at: string | null;
  readonly disabled_reason: DisabledReason | null;
  /** Failures since the last success. */
  readonly failures: number;
  readonly failing_since: string | null;
  /** Nothing is sent before, because it failed too often in a row or asked for it. */
  readonly paused_until: string | null;
  /** When something was last delivered, to the minute. */
  readonly delivered_at: string | null;
  /** Events that wait behind its pending deliveries: they become deliveries when it is their turn. */
  readonly waiting_events: number;
  readonly created_at: string;
  readonly updated_at: string;
}

export interface NewWebhookEndpoint {
  readonly id: string;
  readonly customer_id: string | null;
  readonly url: string;
  readonly events: readonly WebhookEvent[];
  readonly description: string | null;
  /** Left out: full. */
  readonly payload?: WebhookPayload | undefined;
  readonly secret: string;
  /** Of a program that forwards to its own machine: runners send nothing to it. */
  readonly isListener?: boolean | undefined;
}

export interface WebhookEndpointChanges {
  readonly url?: string | undefined;
  readonly events?: readonly WebhookEvent[] | undefined;
  readonly description?: string | null | undefined;
  readonly payload?: WebhookPayload | undefined;
  /** True also forgets its failures, so that what waits is sent at once. */
  readonly enabled?: boolean | undefined;
}

/** What came of one try. */
export interface DeliveryAnswer {
  readonly at: string;
  readonly took_ms: number;
  /** Null when there was no answer: then `error` says why. */
  readonly status: number | null;
  readonly error: string | null;
  /** Some of the answer's headers, and the beginning of its body. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** One event for one endpoint. Its id is the `webhook-id`, and stays, however often it is sent. */
export interface WebhookDelivery {
  readonly id: string;
  readonly endpoint_id: string;
  readonly customer_id: string | null;
  readonly type: WebhookEvent;
  readonly job_id: string | null;
  /** Of the webhook of a single job: where it goes. Null: to the address of its endpoint. */
  readonly url: string | null;
  readonly status: DeliveryStatus;
  readonly tries: number;
  /** When it is sent next; null when it has ended. */
  readonly due_at: string | null;
  readonly created_at: string;
  readonly ended_at: string | null;
  /** Of the last ten tries, oldest first. */
  readonly answers: readonly DeliveryAnswer[];
}

/**
 * A job as events tell of it. `sequence`: the id of its end among the events of the job. `omitted`: what was too
 * large to be read, and is null in `job`.
 */
export interface ToldJob {
  readonly job: Omit<Job, "errors" | "waiting_for" | "progress">;
  readonly sequence: number;
  readonly omitted: readonly ("input_data" | "output_data")[];
}

/** What an event tells. Of a job: the job itself. */
export type WebhookSubject =
  | ({ readonly kind: "job" } & ToldJob)
  | { readonly kind: "data"; readonly data: unknown }
  /** The job was deleted meanwhile, or the customer erased: there is nothing left to tell. */
  | { readonly kind: "gone" };

/** A delivery that this process is to send. */
export interface ClaimedDelivery {
  readonly id: string;
  readonly endpoint_id: string;
  readonly url: string;
  /** The current one first. */
  readonly secrets: readonly string[];
  /** The fence of this claim. */
  readonly claim: number;
  readonly tries: number;
  /** Somebody asked for it to be sent again. */
  readonly is_manual: boolean;
  readonly type: WebhookEvent;
  readonly created_at: string;
  readonly payload: WebhookPayload;
  readonly subject: WebhookSubject;
}

export interface DeliveryOutcome {
  readonly delivery: Pick<ClaimedDelivery, "id" | "endpoint_id" | "claim">;
  /** `released`: it was not sent after all, and is due at once. */
  readonly kind: "delivered" | "failed" | "retry" | "released";
  readonly delay_ms?: number | undefined;
  readonly answer?: DeliveryAnswer | undefined;
  /** What it says about the endpoint; undefined: nothing. */
  readonly health?: "good" | "bad" | "gone" | undefined;
  /** How long the endpoint asked to be left alone. */
  readonly pause_ms?: number | undefined;
}

/** What one replay sends again. `next_since`: where the next one goes on; null when there is no more. */
export interface ReplayedDeliveries {
  readonly deliveries: number;
  readonly next_since: string | null;
}

export interface DisabledEndpoint {
  readonly endpoint_id: string;
  readonly reason: DisabledReason;
}

/** How much of the deliveries of an endpoint this process may claim. */
export interface ClaimRoom {
  readonly max: number;
  /** Of an endpoint that `rooms` does not have. */
  readonly room: number;
  readonly rooms: ReadonlyMap<string, number>;
  /** Where the call before ended. */
  readonly after: string | undefined;
  /** Only this endpoint, which may be a listener. */
  readonly only?: string | undefined;
}

/** Endpoints. `owner`: only that customer's; undefined: anybody's. */
export interface WebhookEndpointRepository {
  /** Throws `too_many_endpoints`, and `unknown_customer`. */
  create(endpoint: NewWebhookEndpoint): Promise<WebhookEndpoint>;
  findById(id: string, owner?: string): Promise<WebhookEndpoint | undefined>;
  /** Newest first. With `owner`, those of that customer. Only `lasting` ones, when it does not say which. */
  list(owner: string | undefined, page: Page, kind?: EndpointKind): Promise<WebhookEndpoint[]>;
  update(id: string, changes: WebhookEndpointChanges, owner?: string): Promise<WebhookEndpoint | undefined>;
  /** With its secrets and what waits for it. False: there is none. */
  delete(id: string, owner?: string): Promise<boolean>;
  /** The one before signs as well for `overlap_hours`. False: there is no such endpoint. */
  rotateSecret(id: string, secret: string, overlap_hours: number, owner?: string): Promise<boolean>;
  /** Endpoints that are paused because they fail, or that were disabled for it within a week. */
  countFailing(): Promise<number>;
  /** A sign of life of a listener. */
  keepListening(id: string): Promise<void>;
}

/** Deliveries, and their log. `owner` as for endpoints. */
export interface WebhookDeliveryRepository {
  /** Newest first. */
  list(endpointId: string, status: DeliveryStatus | undefined, page: Page): Promise<WebhookDelivery[]>;
  findById(id: string, owner?: string): Promise<WebhookDelivery | undefined>;
  /** What a delivery tells, and how much of it. */
  findTold(
    id: string,
  ): Promise<{ readonly subject: WebhookSubject; readonly payload: WebhookPayload } | undefined>;
  /** Stores an event of `data` for one endpoint, as if it had happened. It says nothing about its health. */
  addTest(test: { id: string; endpoint_id: string; type: WebhookEvent; data: unknown }): Promise<void>;
  /** Sends a delivery once more, at once, under its id. Undefined: there is none. */
  resend(id: string, owner?: string): Promise<WebhookDelivery | undefined>;
  /** Sends again what was written since then and has ended: what failed, or all. */
  replay(endpointId: string, since: string, isAll: boolean): Promise<ReplayedDeliveries>;

  /** Claims deliveries that are due. `cursor`: where the next call goes on; undefined at the end. */
  claim(room: ClaimRoom): Promise<{ claimed: ClaimedDelivery[]; cursor: string | undefined }>;
  /** Writes outcomes. One whose claim was lost is passed over. Returns the endpoints that were disabled by it. */
  settle(outcomes: readonly DeliveryOutcome[]): Promise<DisabledEndpoint[]>;
}
