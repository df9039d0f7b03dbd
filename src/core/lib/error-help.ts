import type { ErrorCode } from "./errors.ts";

/** What the page of an error code says. */
export interface ErrorHelp {
  /** What happened, as a sentence or two. */
  readonly happened: string;
  /** What it cost: money, a job, an attempt. */
  readonly cost: string;
  /** What to do about it, the likeliest first. */
  readonly todo: readonly string[];
}

const NOTHING = "Nothing. No job was created, no money was held or charged, and nothing was changed.";
const CHANGED_NOTHING = "Nothing. Nothing was changed, and no money moved.";
const MAYBE =
  "Perhaps what you asked for: the request may have been carried out, or not. No job is charged before it succeeds.";

/** What happened, what it cost and what to do, for each code. The pages at /docs/errors are made of it. */
export const ERROR_HELP = {
  malformed_request: {
    happened: "The request is not HTTP or JSON as this API reads it, so nothing of it was looked at further.",
    cost: NOTHING,
    todo: [
      "Read `detail` and `errors`: they say what cannot be read, and where.",
      "Send the body as one JSON document in UTF-8, with each name once in an object.",
      "Send each of Host, Authorization and Idempotency-Key once.",
    ],
  },
  missing_api_key: {
    happened: "The request has no API key, and this path needs one.",
    cost: NOTHING,
    todo: [
      "Send your key: `Authorization: Bearer <key>`.",
      "Look whether a proxy or a redirect to another host drops the header.",
    ],
  },
  invalid_api_key: {
    happened: "The key does not exist, was revoked, or was cut on its way here.",
    cost: NOTHING,
    todo: [
      "Compare the key's first 12 characters with `prefix` in `GET /customers/{id}/api-keys`.",
      "Create a new key and replace the old one where it is used. A key is shown only when it is created.",
    ],
  },
  insufficient_funds: {
    happened:
      "The price is more than what the wallet has available: its balance and credit, less what open jobs hold.",
    cost: NOTHING,
    todo: [
      "Compare `required_cents` with `available_cents`: the difference is missing.",
      "Top up, then send the same request again, with the same Idempotency-Key if it had one.",
      "Or wait: a job that fails or is cancelled gives back what it holds (`pending_charges_cents`).",
    ],
  },
  spend_limit_reached: {
    happened: "With this price, the month's charges and holds would exceed the wallet's monthly spend limit.",
    cost: NOTHING,
    todo: [
      "Compare `month_spent_cents` and `pending_charges_cents` with `monthly_spend_limit_cents`.",
      "Have the operator raise the limit, or wait for the next month, which begins in UTC.",
    ],
  },
  forbidden: {
    happened: "The key is valid, and may not do this: it is a customer's, or its operator has another role.",
    cost: CHANGED_NOTHING,
    todo: [
      "`detail` says which role or key the request needs.",
      "A browser that signed in with a cookie sends `X-CSRF-Protection: 1` with what changes something.",
    ],
  },
  customer_inactive: {
    happened: "The operator has deactivated this customer, so it submits nothing.",
    cost: NOTHING,
    todo: [
      "Ask the operator to activate the customer.",
      "Jobs that were accepted before run on, or can be cancelled.",
    ],
  },
  wallet_frozen: {
    happened: "The wallet is frozen, for example after a chargeback. It takes no new holds.",
    cost: NOTHING,
    todo: [
      "Ask the operator why, and to unfreeze it.",
      "Jobs that were accepted before run on and are charged.",
    ],
  },
  not_found: {
    happened:
      "There is no such path, or no such thing that this key can see. What others own is not found either.",
    cost: CHANGED_NOTHING,
    todo: [
      "Compare method and path with /docs.",
      "Look whether the id belongs to the customer whose key you sent.",
      "Jobs are deleted some time after their end (90 days unless the operator says otherwise).",
    ],
  },
  method_not_allowed: {
    happened: "The path exists and does not take this method.",
    cost: CHANGED_NOTHING,
    todo: ["Use a method of the header `Allow`."],
  },
  request_timeout: {
    happened: "The request did not arrive whole in time, so it was not carried out.",
    cost: NOTHING,
    todo: ["Send it again after `Retry-After`.", "Send large batches in smaller parts."],
  },
  reference_reused: {
    happened: "An entry with this reference exists, of another kind or amount. A reference moves money once.",
    cost: CHANGED_NOTHING,
    todo: [
      "Read the wallet's entries: the earlier entry has this reference.",
      "Use another reference for another payment.",
    ],
  },
  idempotency_key_reused: {
    happened: "This Idempotency-Key was sent before with another method, path or body.",
    cost: CHANGED_NOTHING,
    todo: [
      "To repeat a request, send exactly what you sent first.",
      "For another request, use a new key: one for each thing that you want done once.",
    ],
  },
  refund_exceeds_charge: {
    happened: "The refund is more than what is left of the job's charge after earlier refunds.",
    cost: CHANGED_NOTHING,
    todo: ["Refund `refundable_cents` at most.", "To give more, post a grant."],
  },
  too_many_keys: {
    happened: "The customer has as many API keys as one may have.",
    cost: CHANGED_NOTHING,
    todo: ["Revoke a key that is not used any more: `last_used_at` tells."],
  },
  too_many_endpoints: {
    happened: "The owner has as many webhook endpoints as one may have.",
    cost: CHANGED_NOTHING,
    todo: [
      "Delete an endpoint that is not used any more: `delivered_at` tells.",
      "Or change the URL of one.",
    ],
  },
  too_many_origins: {
    happened:
      "The webhook of this job goes to an origin that is new, and jobs of the customer have webhooks at as many origins as they may.",
    cost: NOTHING,
    todo: [
      "Send it to an origin that is in use: `GET /webhook-endpoints?kind=one_off` lists them. Paths do not count.",
      "Delete one there that is not used any more. One that no job uses goes by itself after 30 days.",
      "Or create one endpoint for the events of all jobs, and submit without `webhook`.",
    ],
  },
  one_off_endpoint: {
    happened:
      "This endpoint stands for webhooks that single jobs brought with them. It has no address, no events and no secret of its own.",
    cost: CHANGED_NOTHING,
    todo: [
      "To replace the secret of all webhooks of the customer's jobs: `POST /customers/{id}/rotate-webhook-secret`.",
      "To be told of all jobs at one address, create an endpoint: `POST /webhook-endpoints`.",
    ],
  },
  customer_erased: {
    happened: "The customer was erased. Its name, address and keys are gone, and it cannot come back.",
    cost: CHANGED_NOTHING,
    todo: ["Create a new customer."],
  },
  jobs_open: {
    happened: "The customer has jobs that wait or run, and the request does not say what becomes of them.",
    cost: CHANGED_NOTHING,
    todo: ["Wait for the jobs to end, then send the request again.", "Or send it with `cancel_jobs: true`."],
  },
  balance_left: {
    happened: "The customer's wallet is not at 0, and the request does not say what becomes of the rest.",
    cost: CHANGED_NOTHING,
    todo: [
      "Pay the rest out, and record it with `POST /customers/{id}/wallet/adjustments`.",
      "Or give it up with `forfeit: true`: an adjustment in the ledger says so.",
    ],
  },
  name_taken: {
    happened: "Another one has this name.",
    cost: CHANGED_NOTHING,
    todo: ["Choose another name, or change the one that has it."],
  },
  job_already_ended: {
    happened: "The job has ended before this request. What has ended never changes again.",
    cost: "What the job cost: its charge if it succeeded, otherwise nothing. This request changed nothing.",
    todo: ["Read the job: `status` says how it ended.", "To run it once more, retry it: that is a new job."],
  },
  job_not_ended: {
    happened: "The job is pending or running, or it succeeded, so there is nothing to retry.",
    cost: NOTHING,
    todo: ["Wait until it has failed, or cancel it first.", "To run it again anyway, submit a new job."],
  },
  runner_unknown: {
    happened: "The runner is not registered: it was declared dead or has left.",
    cost: CHANGED_NOTHING,
    todo: ["Nothing: its jobs are given to other runners, and it registers again under a new id."],
  },
  stale_attempt: {
    happened: "The attempt is not the job's latest one, or the job has ended. Its outcome was refused.",
    cost: CHANGED_NOTHING,
    todo: ["Nothing: the attempt that followed decides how the job ends."],
  },
  job_gone: {
    happened: "The job that this Idempotency-Key created was deleted because it ended long ago.",
    cost: NOTHING,
    todo: ["Its ledger entries are kept: read the wallet's entries.", "For a new job, use a new key."],
  },
  payload_too_large: {
    happened: "The body is larger than 1 MiB.",
    cost: NOTHING,
    todo: ["Send a batch in several requests.", "Store large data elsewhere, and send its address as input."],
  },
  unsupported_media_type: {
    happened: "The body is not declared as JSON, or it is compressed or in another encoding.",
    cost: NOTHING,
    todo: ["Send `Content-Type: application/json`, UTF-8, without Content-Encoding."],
  },
  expectation_failed: {
    happened: "The header Expect asks for something other than 100-continue.",
    cost: NOTHING,
    todo: ["Leave the header Expect out."],
  },
  validation_failed: {
    happened: "The request is JSON, and some of its fields are unknown, missing or out of range.",
    cost: NOTHING,
    todo: [
      "`errors` names all wrong fields with a JSON pointer, and says what each must be.",
      "Unknown fields are refused: look for a typing mistake.",
    ],
  },
  unknown_customer: {
    happened: "There is no customer with this id.",
    cost: NOTHING,
    todo: ["With a customer's key, leave `customer_id` out."],
  },
  unknown_job_type: {
    happened: "There is no job type with this id.",
    cost: NOTHING,
    todo: ["`GET /job-types` lists what can be submitted, with its price."],
  },
  job_type_disabled: {
    happened: "The operator does not sell this job type at present.",
    cost: NOTHING,
    todo: [
      "Choose another one of `GET /job-types`, or ask the operator.",
      "Jobs that were accepted before run on.",
    ],
  },
  currency_mismatch: {
    happened: "The job type has no price in the currency of the wallet.",
    cost: NOTHING,
    todo: ["Ask the operator to set a price for this customer."],
  },
  input_invalid: {
    happened:
      "The input is not what the job type takes. As the error of a job: the processor found it, after the job was accepted.",
    cost: "Nothing. A submission with this error created no job. A job that failed with it gave back what it held.",
    todo: [
      "`errors` has JSON pointers to what is wrong.",
      "`GET /job-types/{id}` has the JSON Schema of its input.",
      "Correct the input and submit a new job: the same input fails again.",
    ],
  },
  queue_full: {
    happened: "As many jobs of the customer wait as may wait.",
    cost: NOTHING,
    todo: [
      "Send it again when some of them have started: `waiting_jobs` and `waiting_limit` say how full it is.",
      "Cancel jobs that are not needed any more, or have the operator raise the limit.",
    ],
  },
  rate_limited: {
    happened: "Too much of this sender is under way, or came too fast. The request was not carried out.",
    cost: NOTHING,
    todo: [
      "Wait for `Retry-After` seconds, then send the same request again.",
      "Send fewer requests at the same time; submit many jobs with `POST /jobs/batch`.",
    ],
  },
  headers_too_large: {
    happened: "The headers of the request are larger than 16 KiB.",
    cost: NOTHING,
    todo: ["Send fewer or shorter headers: look for cookies that are not this API's."],
  },
  internal_error: {
    happened: "A fault of this platform. It was logged with the request's id; nothing more can be told here.",
    cost: MAYBE,
    todo: [
      "Report `request_id` to the operator.",
      "If the request had an Idempotency-Key, send it again with the same key: it is done once at most.",
      "Otherwise look first whether it was carried out (`GET /jobs`, the wallet's entries).",
    ],
  },
  unavailable: {
    happened:
      "The database, or another server that is needed, does not answer, or the platform is overloaded.",
    cost: MAYBE,
    todo: [
      "Wait for `Retry-After` seconds, then send the request again with the same Idempotency-Key.",
      "`GET /readyz` says which server is away.",
    ],
  },
} as const satisfies Readonly<Record<ErrorCode, ErrorHelp>>;
