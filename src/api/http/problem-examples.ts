import { PlatformError, type ErrorCode } from "../../core/lib/errors.ts";
import type { FieldError } from "../../core/lib/field-error.ts";
import type { Problem } from "./problem.ts";
import { toProblem } from "./problems.ts";

interface Example {
  readonly detail: string;
  readonly errors?: readonly FieldError[];
  readonly members?: Readonly<Record<string, unknown>>;
}

const JOB = "019ab1f1-0a77-7e54-8f8d-3b1b6a4f9c01";
const REQUEST = "019ab1f0-6c1e-7a44-9d7c-2f6a3f1c9e55";

/** One example an error code, as the API writes it. */
const EXAMPLES: Readonly<Record<ErrorCode, Example>> = {
  malformed_request: {
    detail: "A name stands twice in one object of the body. Send it once.",
    errors: [{ pointer: "/amount_cents", message: "stands twice in its object: send it once" }],
  },
  missing_api_key: {
    detail: "The Authorization header is missing. Send your API key: Authorization: Bearer <key>.",
  },
  invalid_api_key: { detail: "This API key does not exist or was revoked. Use a valid one." },
  insufficient_funds: {
    detail:
      "This needs 500 cents and 120 are available (380 are held for open jobs). Top up and send it again.",
    members: {
      required_cents: 500,
      current_balance_cents: 500,
      pending_charges_cents: 380,
      credit_limit_cents: 0,
      available_cents: 120,
    },
  },
  spend_limit_reached: {
    detail:
      "This costs 500 cents; of the month's limit of 10000, 9500 are spent and 200 held for open jobs. Raise the limit, or wait for the next month.",
    members: {
      required_cents: 500,
      monthly_spend_limit_cents: 10_000,
      month_spent_cents: 9_500,
      pending_charges_cents: 200,
    },
  },
  forbidden: { detail: "This request needs the role finance or admin. The role of this operator is viewer." },
  customer_inactive: { detail: "This customer is not active and cannot submit jobs." },
  wallet_frozen: { detail: "The wallet is frozen: it takes no new jobs until it is unfrozen." },
  not_found: { detail: `There is no job ${JOB}.` },
  method_not_allowed: { detail: "This path does not take PUT. It takes GET, HEAD, POST." },
  request_timeout: { detail: "The request did not arrive within 30 seconds. Send it again." },
  reference_reused: {
    detail:
      'The reference "invoice 2026-0042" belongs to an entry of another kind or amount. Use another one.',
  },
  idempotency_key_reused: {
    detail: "This Idempotency-Key was sent with another request. Use a new key for a new request.",
  },
  refund_exceeds_charge: {
    detail: "500 cents are more than is left of the charge: 120 cents.",
    members: { charged_cents: 500, refunded_cents: 380, refundable_cents: 120 },
  },
  name_taken: { detail: 'There is another job type with the name "Text statistics".' },
  job_already_ended: { detail: `Job ${JOB} has ended: it succeeded.`, members: { job_status: "succeeded" } },
  job_not_ended: {
    detail: `Job ${JOB} has not failed and was not cancelled.`,
    members: { job_status: "running" },
  },
  runner_unknown: { detail: "The runner is not registered." },
  stale_attempt: { detail: "Another attempt of the job has begun, or the job has ended." },
  job_gone: {
    detail:
      "The job that this Idempotency-Key created was deleted because it was too old. Use a new key for a new job.",
  },
  payload_too_large: {
    detail: "The body is larger than 1 MiB (1048576 bytes). Send less, or split it into several requests.",
  },
  unsupported_media_type: {
    detail: "Send JSON in UTF-8, uncompressed, with Content-Type: application/json.",
  },
  expectation_failed: {
    detail: "100-continue is the only expectation that can be met. Leave the header Expect out.",
  },
  validation_failed: {
    detail: '/prioritty is not a known field; did you mean "priority"?',
    errors: [{ pointer: "/prioritty", message: 'is not a known field; did you mean "priority"?' }],
  },
  unknown_customer: {
    detail: "There is no customer 019ab1f0-5b0e-7c1f-8a3d-6f1f7e0c2d11.",
    errors: [{ pointer: "/customer_id", message: "is not known" }],
  },
  unknown_job_type: {
    detail: "There is no job type 019ab1f0-5d33-7b60-93b1-0e7f5a9c1b22.",
    errors: [{ pointer: "/job_type_id", message: "is not known" }],
  },
  job_type_disabled: {
    detail: "This job type takes no new jobs.",
    errors: [{ pointer: "/job_type_id", message: "is disabled" }],
  },
  input_invalid: {
    detail: 'The job type "Text statistics" does not accept this input.',
    errors: [{ pointer: "/input_data/text", message: "must be string" }],
  },
  currency_mismatch: {
    detail:
      "The price of this job type is in EUR and the wallet is in USD. Submit a job type with a price in USD, or have a price set for this customer.",
    members: { price_currency: "EUR", wallet_currency: "USD" },
    errors: [{ pointer: "/job_type_id", message: "has no price in USD" }],
  },
  customer_erased: { detail: "This customer was erased. Create a new one." },
  jobs_open: {
    detail:
      "This customer has jobs that wait or run. Cancel them with the erasure (cancel_jobs), or wait for their end.",
  },
  balance_left: {
    detail:
      "The wallet of this customer is not at 0. Pay it out and adjust the wallet, or give it up with the erasure (forfeit), which posts a ledger entry.",
    members: { current_balance_cents: 1250, wallet_currency: "EUR" },
  },
  too_many_keys: { detail: "This customer has 100 API keys. Revoke one that is not used any more." },
  too_many_endpoints: {
    detail: "This customer has 20 webhook endpoints. Delete one that is not used any more.",
  },
  too_many_origins: {
    detail:
      "Jobs of this customer have webhooks at 100 origins. Send it to one of these, delete one (GET /webhook-endpoints?kind=one_off lists them), or create an endpoint for all jobs: POST /webhook-endpoints.",
    errors: [{ pointer: "/webhook/url", message: "is at one origin too many" }],
  },
  one_off_endpoint: {
    detail:
      "This endpoint stands for webhooks of single jobs, so it has no secret of its own. What each job is told, and where, was said when it was submitted; all of a customer are signed with one secret: POST /customers/{id}/rotate-webhook-secret.",
  },
  rate_limited: {
    detail:
      "Requests with 8 MiB of bodies are under way from here. Send this one again when others have been answered.",
  },
  queue_full: {
    detail:
      "1000 jobs of this customer wait, and 1000 may. Send it again when some of them have started, or cancel some.",
    members: { waiting_jobs: 1_000, waiting_limit: 1_000 },
  },
  headers_too_large: { detail: "The headers are larger than 16 KiB. Send fewer or shorter ones." },
  internal_error: { detail: "Something went wrong on our side. Report it with this request_id." },
  unavailable: { detail: "The database does not answer. Try again." },
};

/** What a response with this code looks like. */
export function problemExample(code: ErrorCode): Problem {
  const { detail, ...options } = EXAMPLES[code];
  return toProblem(new PlatformError(code, detail, options), REQUEST);
}
