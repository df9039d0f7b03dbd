import { JOB_EXAMPLE } from "./job-example.ts";
import type { WebhookEvent } from "./webhook.ts";

const CUSTOMER_ID = JOB_EXAMPLE.customer_id;
const AT = "2026-11-23T21:06:45.03Z";

/** As `webhookBody` tells of it. */
const { errors: _errors, waiting_for: _waiting, progress: _progress, ...TOLD } = JOB_EXAMPLE;
const SUCCEEDED = { ...TOLD, omitted: [], url: `/jobs/${JOB_EXAMPLE.id}` };
/** Of that job: it was queued, it started, it told of its progress, and it ended. */
export const EXAMPLE_SEQUENCE = 4;
const FAILED = {
  ...SUCCEEDED,
  status: "failed",
  output_data: null,
  cost_cents: null,
  error: { code: "timeout", message: "It took longer than 300 s." },
};
const CANCELLED = { ...SUCCEEDED, status: "cancelled", output_data: null, cost_cents: null };

/** The data of an example of each event: for the catalogue, and for tests of endpoints. */
export const WEBHOOK_EXAMPLES: Readonly<Record<WebhookEvent, Readonly<Record<string, unknown>>>> = {
  "job.succeeded": SUCCEEDED,
  "job.failed": FAILED,
  "job.cancelled": CANCELLED,
  "job.finished": SUCCEEDED,
  "wallet.low": { customer_id: CUSTOMER_ID, current_balance_cents: 180, low_balance_cents: 200 },
  "wallet.frozen": { customer_id: CUSTOMER_ID, current_balance_cents: -500, frozen_at: AT },
  "wallet.topped_up": {
    customer_id: CUSTOMER_ID,
    amount_cents: 5000,
    current_balance_cents: 5180,
    reference: "invoice 2026-0042",
    seq: 12,
  },
  "endpoint.disabled": {
    id: "019ab1f3-2c10-7e21-8a40-5b7d3c1e9f20",
    customer_id: CUSTOMER_ID,
    url: "https://shop.example/webhooks",
    disabled_at: AT,
    disabled_reason: "gone",
    failing_since: AT,
  },
};
