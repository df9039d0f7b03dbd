import type { FieldError } from "./field-error.ts";

interface ErrorKind {
  /** HTTP status of the response. */
  readonly status: number;
  readonly title: string;
  /** Whether the same request may succeed later without changes. */
  readonly retryable: boolean;
}

/**
 * Every error that the platform returns. The API's problems, the CLI's messages and the docs are generated
 * from this table.
 */
export const ERRORS = {
  malformed_request: { status: 400, retryable: false, title: "The request cannot be read" },
  missing_api_key: { status: 401, retryable: false, title: "An API key is required" },
  invalid_api_key: { status: 401, retryable: false, title: "The API key is not valid" },
  insufficient_funds: { status: 402, retryable: false, title: "Not enough available balance" },
  spend_limit_reached: { status: 402, retryable: false, title: "The monthly spend limit is reached" },
  forbidden: { status: 403, retryable: false, title: "This key may not do that" },
  customer_inactive: { status: 403, retryable: false, title: "The customer is not active" },
  wallet_frozen: { status: 403, retryable: false, title: "The wallet is frozen" },
  not_found: { status: 404, retryable: false, title: "Not found" },
  method_not_allowed: { status: 405, retryable: false, title: "This path does not take that method" },
  request_timeout: { status: 408, retryable: true, title: "The request did not arrive in time" },
  reference_reused: { status: 409, retryable: false, title: "The reference belongs to another entry" },
  idempotency_key_reused: {
    status: 409,
    retryable: false,
    title: "The idempotency key belongs to another request",
  },
  refund_exceeds_charge: {
    status: 409,
    retryable: false,
    title: "The refund is more than is left of the charge",
  },
  too_many_keys: { status: 409, retryable: false, title: "The customer has too many API keys" },
  too_many_endpoints: { status: 409, retryable: false, title: "There are too many webhook endpoints" },
  too_many_origins: {
    status: 409,
    retryable: false,
    title: "Webhooks of this customer's jobs go to too many origins",
  },
  one_off_endpoint: {
    status: 409,
    retryable: false,
    title: "The endpoint stands for webhooks of single jobs",
  },
  customer_erased: { status: 409, retryable: false, title: "The customer was erased" },
  jobs_open: { status: 409, retryable: false, title: "The customer has jobs that wait or run" },
  balance_left: { status: 409, retryable: false, title: "The customer's wallet is not at 0" },
  name_taken: { status: 409, retryable: false, title: "The name is in use" },
  job_already_ended: { status: 409, retryable: false, title: "The job has ended" },
  job_not_ended: { status: 409, retryable: false, title: "The job has not failed and was not cancelled" },
  runner_unknown: { status: 409, retryable: false, title: "The runner is not registered" },
  stale_attempt: {
    status: 409,
    retryable: false,
    title: "Another attempt of the job has begun, or the job has ended",
  },
  job_gone: { status: 410, retryable: false, title: "The job was deleted because it was too old" },
  payload_too_large: { status: 413, retryable: false, title: "The body is too large" },
  unsupported_media_type: { status: 415, retryable: false, title: "The content type is not supported" },
  expectation_failed: { status: 417, retryable: false, title: "The expectation cannot be met" },
  validation_failed: { status: 422, retryable: false, title: "Some fields are not valid" },
  unknown_customer: { status: 422, retryable: false, title: "There is no such customer" },
  unknown_job_type: { status: 422, retryable: false, title: "There is no such job type" },
  job_type_disabled: { status: 422, retryable: false, title: "The job type is disabled" },
  currency_mismatch: {
    status: 422,
    retryable: false,
    title: "The price is in another currency than the wallet",
  },
  input_invalid: { status: 422, retryable: false, title: "The job type does not accept this input" },
  rate_limited: { status: 429, retryable: true, title: "Too much at a time" },
  queue_full: { status: 429, retryable: true, title: "Too many jobs of this customer wait" },
  headers_too_large: { status: 431, retryable: false, title: "The headers are too large" },
  internal_error: { status: 500, retryable: false, title: "Something went wrong on our side" },
  unavailable: { status: 503, retryable: true, title: "A server that is needed cannot be reached" },
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof ERRORS;

interface ErrorOptions {
  /** Public members that are sent beside the code, such as `required_cents`. */
  readonly members?: Readonly<Record<string, unknown>>;
  readonly errors?: readonly FieldError[];
  /** When the same request may succeed, for an error that is retryable. Default: 1. */
  readonly retry_after_seconds?: number;
  /** The underlying error: logged, never sent. */
  readonly cause?: unknown;
}

/**
 * The one error class that is meant for users. `message` is public: it says what is wrong and how to fix it.
 * Any other thrown error is a bug, and users see it as `internal_error`.
 */
export class PlatformError extends Error {
  readonly code: ErrorCode;
  readonly members: Readonly<Record<string, unknown>>;
  readonly errors: readonly FieldError[];
  readonly retry_after_seconds: number;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "PlatformError";
    this.code = code;
    this.members = options.members ?? {};
    this.errors = options.errors ?? [];
    this.retry_after_seconds = options.retry_after_seconds ?? 1;
  }

  get status(): number {
    return ERRORS[this.code].status;
  }

  get title(): string {
    return ERRORS[this.code].title;
  }

  get retryable(): boolean {
    return ERRORS[this.code].retryable;
  }
}
