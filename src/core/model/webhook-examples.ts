import type { WebhookEvent } from "./webhook.ts";

const JOB_ID = "019ab1f1-0a77-7e54-8f8d-3b1b6a4f9c01";
const CUSTOMER_ID = "019ab1f0-5b0e-7c1f-8a3d-6f1f7e0c2d11";
const AT = "2026-11-23T21:06:45.03Z";

const JOB_EXAMPLE = {
  id: JOB_ID,
  customer_id: CUSTOMER_ID,
  job_type_id: "019ab1f0-5d33-7b60-93b1-0e7f5a9c1b22",
  status: "succeeded",
  priority: 1,
  input_data: { text: "The quick brown fox. It jumps." },
  output_data: { words: 6 },
  error: null,
  estimated_cost_cents: 5,
  cost_cents: 5,
  attempt: 1,
  excused_attempts: 0,
  max_attempts: 3,
  retry_of: null,
  run_at: "2026-11-23T21:06:45.010203Z",
  created_at: "2026-11-23T21:06:45.010203Z",
  started_at: "2026-11-23T21:06:45.02Z",
  completed_at: AT,
  runner_id: "019ab1ef-f7d0-7c3e-a6a5-91d2c7b4e8f3",
  omitted: [],
};
const FAILED = {
  ...JOB_EXAMPLE,
  status: "failed",
  output_data: null,
  cost_cents: null,
  error: { code: "timeout", message: "It took longer than 300 s." },
};
const CANCELLED = { ...JOB_EXAMPLE, status: "cancelled", output_data: null, cost_cents: null };

/** The data of an example of each event: for the catalogue, and for tests of endpoints. */
export const WEBHOOK_EXAMPLES: Readonly<Record<WebhookEvent, Readonly<Record<string, unknown>>>> = {
  "job.succeeded": JOB_EXAMPLE,
  "job.failed": FAILED,
  "job.cancelled": CANCELLED,
  "job.finished": JOB_EXAMPLE,
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
