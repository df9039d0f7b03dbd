import { z } from "zod";
import {
  PAGE_LIMIT_DEFAULT,
  WEBHOOK_DESCRIPTION_MAX,
  WEBHOOK_OVERLAP_HOURS,
  WEBHOOK_OVERLAP_HOURS_MAX,
  WEBHOOK_URL_LENGTH_MAX,
} from "../../../core/model/limits.ts";
import {
  DELIVERY_STATUSES,
  DISABLED_REASONS,
  ENDPOINT_KINDS,
  WEBHOOK_EVENTS,
  WEBHOOK_PAYLOADS,
} from "../../../core/model/webhook.ts";
import { Id, IdCursor, Limit, PageQuery, pageOf, text, Timestamp, UtcTime } from "../../http/fields.ts";

export const WebhookUrl = z.string().max(WEBHOOK_URL_LENGTH_MAX).meta({
  description:
    "An https address on the internet, without a user in it. Private addresses and http are refused unless the platform allows them.",
});
const EventType = z.enum(WEBHOOK_EVENTS);
const Events = z
  .array(EventType)
  .min(1)
  .max(WEBHOOK_EVENTS.length)
  .refine((events) => new Set(events).size === events.length, "must not name an event twice")
  .meta({ description: "What it is told: see the webhooks of this document." });
const Payload = z.enum(WEBHOOK_PAYLOADS).meta({
  description:
    "`full`: a job as it is, as far as it is small. `thin`: which job it is, its status, and the path where it is read.",
});
const Description = text(WEBHOOK_DESCRIPTION_MAX).meta({ description: "Words of your own for it." });

export const NewWebhookEndpoint = z
  .strictObject({
    url: WebhookUrl,
    events: Events,
    description: Description.optional(),
    payload: Payload.default("full"),
    customer_id: Id.optional().meta({
      description:
        "Whose events it gets. With a customer's key, it is that customer. Left out with the admin key: the events of all customers.",
    }),
  })
  .meta({
    id: "NewWebhookEndpoint",
    examples: [
      { url: "https://shop.example/webhooks", events: ["job.finished", "wallet.low"] },
      { url: "https://shop.example/webhooks", events: ["job.finished"], payload: "thin" },
    ],
  });

const endpoint = {
  id: Id,
  customer_id: Id.nullable().meta({
    description: "Whose events it gets. Null: those of all customers, for the operator.",
  }),
  kind: z.enum(ENDPOINT_KINDS).meta({
    description:
      "`one_off`: it stands for all webhooks that single jobs of the customer brought with them to one origin, which is its `url`. It names no events.",
  }),
  url: z.string(),
  events: z.array(EventType).readonly(),
  description: z.string().nullable(),
  payload: Payload,
  disabled_at: UtcTime.nullable().meta({
    description: "When it was disabled. It gets no new events; what waits is sent when it is enabled again.",
  }),
  disabled_reason: z.enum(DISABLED_REASONS).nullable().meta({
    description:
      "`by_hand`: somebody did. `gone`: it answered 410. `failing`: nothing could be delivered for five days.",
  }),
  failures: z.int().meta({ description: "Failures since the last success." }),
  failing_since: UtcTime.nullable(),
  paused_until: UtcTime.nullable().meta({
    description:
      "Nothing is sent before: it failed five times in a row, or asked for a pause. Then one delivery is tried.",
  }),
  delivered_at: UtcTime.nullable().meta({ description: "When something was last delivered, to the minute." }),
  waiting_events: z.int().meta({
    description:
      "Events that wait behind its pending deliveries. They become deliveries, and are in their list, when it is their turn. Of a very large backlog, the oldest part is counted.",
  }),
  created_at: UtcTime,
  updated_at: UtcTime,
};

const ENDPOINT_EXAMPLE = {
  id: "019ab1f3-2c10-7e21-8a40-5b7d3c1e9f20",
  customer_id: "019ab1f0-5b0e-7c1f-8a3d-6f1f7e0c2d11",
  kind: "lasting",
  url: "https://shop.example/webhooks",
  events: ["job.finished", "wallet.low"],
  description: null,
  payload: "full",
  disabled_at: null,
  disabled_reason: null,
  failures: 0,
  failing_since: null,
  paused_until: null,
  delivered_at: "2026-11-23T21:06:45.2Z",
  waiting_events: 0,
  created_at: "2026-11-23T21:06:10.5Z",
  updated_at: "2026-11-23T21:06:10.5Z",
};
const SECRET_EXAMPLE = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

export const WebhookEndpoint = z
  .strictObject(endpoint)
  .meta({ id: "WebhookEndpoint", examples: [ENDPOINT_EXAMPLE] });

export const CreatedWebhookEndpoint = z
  .strictObject({
    ...endpoint,
    secret: z.string().meta({
      description: "What its deliveries are signed with. It is shown only here: keep it, to verify them.",
    }),
  })
  .meta({
    id: "CreatedWebhookEndpoint",
    examples: [{ ...ENDPOINT_EXAMPLE, delivered_at: null, secret: SECRET_EXAMPLE }],
  });

export const WebhookEndpointsQuery = PageQuery.extend({
  kind: z.enum(ENDPOINT_KINDS).default("lasting").meta({
    description: "`one_off`: the origins of webhooks that single jobs brought with them.",
  }),
});

export const WebhookEndpointPage = pageOf(WebhookEndpoint, "WebhookEndpointPage");

export const WebhookEndpointChanges = z
  .strictObject({
    url: WebhookUrl,
    events: Events,
    description: Description.nullable(),
    payload: Payload.meta({
      description: "What is sent from now on has it, also when it happened before. See `NewWebhookEndpoint`.",
    }),
    enabled: z.boolean().meta({
      description: "True also forgets its failures: what waits for it is sent at once.",
    }),
  })
  .partial()
  .refine((changes) => Object.keys(changes).length > 0, "must have at least one field")
  .meta({ id: "WebhookEndpointChanges", examples: [{ enabled: true }, { payload: "thin" }] });

export const SecretRotation = z
  .strictObject({
    overlap_hours: z
      .int()
      .min(0)
      .max(WEBHOOK_OVERLAP_HOURS_MAX)
      .default(WEBHOOK_OVERLAP_HOURS)
      .meta({ description: "How long deliveries are signed with the old secret as well." }),
  })
  .meta({ id: "SecretRotation", examples: [{ overlap_hours: 24 }] });

export const RotatedSecret = z
  .strictObject({
    secret: z.string().meta({ description: "The new secret. It is shown only here." }),
    old_secret_until: UtcTime.meta({ description: "Until then deliveries are signed with both." }),
  })
  .meta({
    id: "RotatedSecret",
    examples: [{ secret: SECRET_EXAMPLE, old_secret_until: "2026-11-24T21:06:10.5Z" }],
  });

export const JobWebhookSecret = z
  .strictObject({
    secret: z.string().meta({ description: "The new secret. It is shown only here." }),
    old_secret_until: UtcTime.nullable().meta({
      description: "Until then deliveries are signed with both. Null: there was none before.",
    }),
  })
  .meta({ id: "JobWebhookSecret", examples: [{ secret: SECRET_EXAMPLE, old_secret_until: null }] });

export const WebhookTest = z
  .strictObject({
    type: EventType.optional().meta({
      description: "Which event. Left out: the first that the endpoint is told.",
    }),
  })
  .meta({ id: "WebhookTest", examples: [{ type: "job.succeeded" }] });

export const WebhookReplay = z
  .strictObject({
    since: Timestamp,
    all: z
      .boolean()
      .default(false)
      .meta({ description: "Also what was delivered. Otherwise, only what failed." }),
  })
  .meta({ id: "WebhookReplay", examples: [{ since: "2026-11-23T12:00:00Z" }] });

export const ReplayedDeliveries = z
  .strictObject({
    deliveries: z.int().meta({ description: "How many are sent again, up to 10,000." }),
    next_since: UtcTime.nullable().meta({
      description: "The `since` of the next request. Null: all of them are sent again.",
    }),
  })
  .meta({ id: "ReplayedDeliveries", examples: [{ deliveries: 42, next_since: null }] });

const Answer = z.strictObject({
  at: UtcTime,
  took_ms: z.int(),
  status: z.int().nullable().meta({ description: "Null when there was no answer: `error` says why." }),
  error: z.string().nullable(),
  headers: z.record(z.string(), z.string()).meta({ description: "The first 20." }),
  body: z.string().meta({ description: "The first kilobyte." }),
});

const delivery = {
  id: Id.meta({ description: "The `webhook-id` is `msg_` and this without hyphens." }),
  endpoint_id: Id,
  customer_id: Id.nullable(),
  type: EventType,
  job_id: Id.nullable(),
  url: z.string().nullable().meta({
    description: "Of a webhook that its job brought: where it goes. Null: to the address of the endpoint.",
  }),
  status: z.enum(DELIVERY_STATUSES),
  tries: z.int(),
  due_at: UtcTime.nullable().meta({
    description: "When it is sent. While it is under way: when it is sent again if nothing is heard of it.",
  }),
  created_at: UtcTime,
  ended_at: UtcTime.nullable(),
  answers: z.array(Answer).readonly().meta({ description: "Of the last ten tries, oldest first." }),
};

const DELIVERY_EXAMPLE = {
  id: "019ab1f3-7a41-7c02-9b1d-2f4e6a8c0d13",
  endpoint_id: ENDPOINT_EXAMPLE.id,
  customer_id: ENDPOINT_EXAMPLE.customer_id,
  type: "job.succeeded",
  job_id: "019ab1f1-0a77-7e54-8f8d-3b1b6a4f9c01",
  url: null,
  status: "delivered",
  tries: 1,
  due_at: null,
  created_at: "2026-11-23T21:06:45.03Z",
  ended_at: "2026-11-23T21:06:45.2Z",
  answers: [
    {
      at: "2026-11-23T21:06:45.1Z",
      took_ms: 31,
      status: 200,
      error: null,
      headers: { "content-type": "text/plain" },
      body: "ok",
    },
  ],
};

export const WebhookDelivery = z
  .strictObject(delivery)
  .meta({ id: "WebhookDelivery", examples: [DELIVERY_EXAMPLE] });

export const ShownWebhookDelivery = z
  .strictObject({
    ...delivery,
    request: z.strictObject({ webhook_id: z.string(), body: z.string() }).nullable().meta({
      description:
        "What is sent. Null when the job was deleted because it was too old, or the customer was erased.",
    }),
  })
  .meta({
    id: "ShownWebhookDelivery",
    examples: [
      {
        ...DELIVERY_EXAMPLE,
        request: {
          webhook_id: "msg_019ab1f37a417c029b1d2f4e6a8c0d13",
          body: '{"type":"job.succeeded","timestamp":"2026-11-23T21:06:45.03Z","data":{}}',
        },
      },
    ],
  });

export const WebhookDeliveryPage = pageOf(WebhookDelivery, "WebhookDeliveryPage");

export const DeliveriesQuery = z.strictObject({
  status: z.enum(DELIVERY_STATUSES).optional(),
  limit: Limit.default(PAGE_LIMIT_DEFAULT),
  cursor: IdCursor.optional(),
});
