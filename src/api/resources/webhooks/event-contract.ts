import { z } from "zod";
import { DISABLED_REASONS, WEBHOOK_EVENTS, type WebhookEvent } from "../../../core/model/webhook.ts";
import { WEBHOOK_EXAMPLES } from "../../../core/model/webhook-examples.ts";
import { Id, UtcTime } from "../../http/fields.ts";
import { Job } from "../jobs/contract.ts";

const {
  errors: _errors,
  waiting_for: _waiting,
  progress: _progress,
  error: _error,
  ...jobFields
} = Job.shape;

const WebhookJob = z.strictObject({
  ...jobFields,
  error: z.strictObject({ code: z.string(), message: z.string() }).nullable(),
  omitted: z.array(z.enum(["input_data", "output_data"])).meta({
    description: "What is null here because it has more than 4 KiB: `GET /jobs/{id}` has it.",
  }),
});

const cents = z.int();
const OfWallet = z.strictObject({ customer_id: Id, current_balance_cents: cents });

interface CatalogueEntry {
  readonly summary: string;
  readonly id: string;
  readonly data: z.ZodType;
}

/** Every event that an endpoint can be told, with the form of its data. */
const CATALOGUE: Readonly<Record<WebhookEvent, CatalogueEntry>> = {
  "job.succeeded": { summary: "A job succeeded", id: "JobSucceeded", data: WebhookJob },
  "job.failed": { summary: "A job failed for good", id: "JobFailed", data: WebhookJob },
  "job.cancelled": {
    summary: "A job was cancelled",
    id: "JobCancelled",
    data: WebhookJob,
  },
  "job.finished": {
    summary: "A job ended, however. It comes after the event of its status",
    id: "JobFinished",
    data: WebhookJob,
  },
  "wallet.low": {
    summary: "The balance fell below its threshold",
    id: "WalletLow",
    data: OfWallet.extend({ low_balance_cents: cents }),
  },
  "wallet.frozen": {
    summary: "The wallet was frozen: it pays for no new jobs",
    id: "WalletFrozen",
    data: OfWallet.extend({ frozen_at: UtcTime }),
  },
  "wallet.topped_up": {
    summary: "Money was added to the wallet",
    id: "WalletToppedUp",
    data: OfWallet.extend({ amount_cents: cents, reference: z.string(), seq: z.int() }),
  },
  "endpoint.disabled": {
    summary: "Another endpoint was disabled",
    id: "EndpointDisabled",
    data: z.strictObject({
      id: Id,
      customer_id: Id.nullable(),
      url: z.string(),
      disabled_at: UtcTime,
      disabled_reason: z.enum(DISABLED_REASONS),
      failing_since: UtcTime.nullable(),
    }),
  },
};

/** The bodies of all events, which register themselves for the document. */
const BODIES = Object.fromEntries(
  WEBHOOK_EVENTS.map((type) => {
    const { id, data } = CATALOGUE[type];
    const example = { type, timestamp: "2026-11-23T21:06:45.03Z", data: WEBHOOK_EXAMPLES[type] };
    const body = z.strictObject({ type: z.literal(type), timestamp: UtcTime, data });
    return [type, body.meta({ id: `${id}Event`, examples: [example] })];
  }),
);

const header = (name: string, description: string) => ({
  name,
  in: "header",
  required: true,
  description,
  schema: { type: "string" },
});

/** The member `webhooks` of the OpenAPI document. */
export function webhookCatalogue(): Readonly<Record<string, object>> {
  return Object.fromEntries(
    Object.entries(CATALOGUE).map(([type, { id, summary }]) => [
      type,
      {
        post: {
          operationId: `on${id}`,
          tags: ["Webhooks"],
          summary,
          description:
            "Sent at least once, signed as Standard Webhooks 1.0. Verify the signature over the body as it came, and answer 2xx within 15 s. All else is tried again for about three days; 410 disables the endpoint.",
          security: [],
          parameters: [
            header("webhook-id", "The same, however often the event is sent: use it to do things once."),
            header("webhook-timestamp", "When it was sent, in seconds since 1970."),
            header("webhook-signature", "`v1,` and the signature; several with blanks between them."),
          ],
          requestBody: {
            required: true,
            content: { "application/json": { schema: { $ref: `#/components/schemas/${id}Event` } } },
          },
          responses: { "2XX": { description: "It arrived." } },
        },
      },
    ]),
  );
}

/** Of a type, for tests. */
export function eventBody(type: WebhookEvent): z.ZodType {
  const body = BODIES[type];
  if (!body) throw new Error(`${type} is not in the catalogue`);
  return body;
}
