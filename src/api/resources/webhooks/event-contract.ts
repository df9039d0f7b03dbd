import { z } from "zod";
import { DISABLED_REASONS, WEBHOOK_EVENTS, type WebhookEvent } from "../../../core/model/webhook.ts";
import { thinData } from "../../../core/model/thin-webhook.ts";
import { EXAMPLE_SEQUENCE, WEBHOOK_EXAMPLES } from "../../../core/model/webhook-examples.ts";
import { Id, UtcTime } from "../../http/fields.ts";
import { Job } from "../jobs/contract.ts";

const {
  errors: _errors,
  waiting_for: _waiting,
  progress: _progress,
  error: _error,
  ...jobFields
} = Job.shape;

const JobUrl = z.string().meta({ description: "Path of the job in this API. It has all of the job." });

const WebhookJob = z
  .strictObject({
    ...jobFields,
    error: z.strictObject({ code: z.string(), message: z.string() }).nullable(),
    omitted: z.array(z.enum(["input_data", "output_data"])).meta({
      description: "What is null here because it has more than 4 KiB: `url` has it.",
    }),
    url: JobUrl,
  })
  .meta({
    id: "WebhookJob",
    description: "For endpoints with the payload `full`.",
    examples: [WEBHOOK_EXAMPLES["job.succeeded"]],
  });

const { customer_id, job_type_id, retry_of, status } = Job.shape;
const ThinWebhookJob = z
  .strictObject({ id: Id, customer_id, job_type_id, retry_of, status, url: JobUrl })
  .meta({
    id: "ThinWebhookJob",
    description: "For endpoints with the payload `thin`.",
    examples: [thinData("job.succeeded", WEBHOOK_EXAMPLES["job.succeeded"])],
  });

const OfJob = z.union([WebhookJob, ThinWebhookJob]);

const cents = z.int();
const OfWallet = z.strictObject({ customer_id: Id, current_balance_cents: cents });
const ThinWebhookWallet = z
  .strictObject({
    customer_id: Id,
    url: z.string().meta({ description: "Path of the wallet in this API." }),
  })
  .meta({
    id: "ThinWebhookWallet",
    description: "For endpoints with the payload `thin`.",
    examples: [thinData("wallet.low", WEBHOOK_EXAMPLES["wallet.low"])],
  });

interface CatalogueEntry {
  readonly summary: string;
  readonly id: string;
  readonly data: z.ZodType;
}

/** Every event that an endpoint can be told, with the form of its data. */
const CATALOGUE: Readonly<Record<WebhookEvent, CatalogueEntry>> = {
  "job.succeeded": { summary: "A job succeeded", id: "JobSucceeded", data: OfJob },
  "job.failed": { summary: "A job failed for good", id: "JobFailed", data: OfJob },
  "job.cancelled": {
    summary: "A job was cancelled",
    id: "JobCancelled",
    data: OfJob,
  },
  "job.finished": {
    summary: "A job ended, however. It comes after the event of its status",
    id: "JobFinished",
    data: OfJob,
  },
  "wallet.low": {
    summary: "The balance fell below its threshold",
    id: "WalletLow",
    data: z.union([OfWallet.extend({ low_balance_cents: cents }), ThinWebhookWallet]),
  },
  "wallet.frozen": {
    summary: "The wallet was frozen: it pays for no new jobs",
    id: "WalletFrozen",
    data: z.union([OfWallet.extend({ frozen_at: UtcTime }), ThinWebhookWallet]),
  },
  "wallet.topped_up": {
    summary: "Money was added to the wallet",
    id: "WalletToppedUp",
    data: z.union([
      OfWallet.extend({ amount_cents: cents, reference: z.string(), seq: z.int() }),
      ThinWebhookWallet,
    ]),
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

const Sequence = z.int().meta({
  description:
    "The id of what happened among the events of this job (`GET /jobs/{id}/events`). It only grows, and stays when the event is sent again: drop what has a lower one than you have seen of the job.",
});

/** The bodies of all events, which register themselves for the document. */
const BODIES = Object.fromEntries(
  WEBHOOK_EVENTS.map((type) => {
    const { id: name, data } = CATALOGUE[type];
    const isOfJob = type.startsWith("job.");
    const told = {
      type,
      timestamp: "2026-11-23T21:06:45.03Z",
      ...(isOfJob && { sequence: EXAMPLE_SEQUENCE }),
    };
    const full = WEBHOOK_EXAMPLES[type];
    const thin = thinData(type, full);
    const body = z.strictObject({
      type: z.literal(type),
      timestamp: UtcTime,
      ...(isOfJob && { sequence: Sequence }),
      data,
    });
    const examples = [full, ...(thin === full ? [] : [thin])].map((example) => ({ ...told, data: example }));
    return [type, body.meta({ id: `${name}Event`, examples })];
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
