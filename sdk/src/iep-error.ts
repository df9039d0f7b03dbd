import type { Api } from "./api-types.gen.ts";

/** The body of a refusal, as the API explains it. Amounts are integers in minor units of the currency. */
export type Problem = Api["Problem"];
/** What the API calls this error. A newer API may have others. */
export type ErrorCode = Problem["code"];

/** What all errors of this SDK extend. An abort is not one: it throws the reason of its signal. */
export class IepError extends Error {
  /** Id of the request that failed: quote it when you ask for help. Undefined where no answer came. */
  readonly requestId: string | undefined;

  constructor(
    message: string,
    options: { readonly requestId?: string | undefined; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.requestId = options.requestId;
  }
}

/** The API refused a request. Each `code` has a class of its own, which extends this one. */
export class ApiError extends IepError {
  override readonly name: string;
  readonly code: ErrorCode;
  readonly status: number;
  /** Whether the same request may succeed later without changes. */
  readonly retryable: boolean;
  /** When the API asked to be asked again. */
  readonly retry_after_ms: number | undefined;
  /** All that the API said, with the figures. */
  readonly problem: Problem;

  constructor(problem: Problem, retry_after_ms?: number) {
    super(problem.detail, { requestId: problem.request_id || undefined });
    this.name = nameOf(problem.code);
    this.code = problem.code;
    this.status = problem.status;
    this.retryable = problem.retryable;
    this.retry_after_ms = retry_after_ms;
    this.problem = problem;
  }

  /** The fields that are wrong, by JSON pointer. */
  get errors(): NonNullable<Problem["errors"]> {
    return this.problem.errors ?? [];
  }
}

/** No answer came, or only a part of one: the connection failed, or time ran out. `cause` says more. */
export class ConnectionError extends IepError {
  override readonly name = "ConnectionError";
}

/** Something answered that is not this API. Mostly `baseUrl` is wrong. */
export class UnexpectedAnswerError extends IepError {
  override readonly name = "UnexpectedAnswerError";
  readonly status: number;

  constructor(message: string, status: number, requestId?: string) {
    super(message, { requestId });
    this.status = status;
  }
}

/** The job failed, and cost nothing. */
export class JobFailedError extends IepError {
  override readonly name = "JobFailedError";
  readonly job: Api["Job"];
  /** What the processor, or the platform, calls the failure. */
  readonly code: string;

  constructor(job: Api["Job"]) {
    super(`Job ${job.id} failed, and cost nothing: ${job.error?.message ?? "no reason was given"}`);
    this.job = job;
    this.code = job.error?.code ?? "unknown";
  }
}

/** Somebody cancelled the job. It cost nothing. */
export class JobCancelledError extends IepError {
  override readonly name = "JobCancelledError";
  readonly job: Api["Job"];

  constructor(job: Api["Job"]) {
    super(`Job ${job.id} was cancelled, and cost nothing.`);
    this.job = job;
  }
}

/** The job has not ended in the time that was given. It goes on: wait for it again, or cancel it. */
export class WaitTimeoutError extends IepError {
  override readonly name = "WaitTimeoutError";
  readonly jobId: string;

  constructor(jobId: string, timeout_ms: number) {
    super(`Job ${jobId} has not ended within ${timeout_ms} ms. It goes on: wait for it again, or cancel it.`);
    this.jobId = jobId;
  }
}

/** `jobs.run` was aborted, and it is not known that the job is cancelled: it may run, and be charged. */
export class CancelFailedError extends IepError {
  override readonly name = "CancelFailedError";
  /** Undefined where no answer told it. The same submission with `idempotencyKey` returns the job. */
  readonly jobId: string | undefined;
  readonly idempotencyKey: string;

  constructor(jobId: string | undefined, idempotencyKey: string, cause: unknown) {
    const which = jobId === undefined ? `with the idempotency key ${idempotencyKey}` : jobId;
    super(`The job ${which} could not be cancelled after the abort: it may run, and be charged.`, { cause });
    this.jobId = jobId;
    this.idempotencyKey = idempotencyKey;
  }
}

/** A webhook request is not what it claims to be, or cannot be checked. Answer it with status 400. */
export class WebhookVerificationError extends IepError {
  override readonly name = "WebhookVerificationError";
}

/** `insufficient_funds` → `InsufficientFundsError`. */
function nameOf(code: string): string {
  const name = code.replaceAll(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return name.endsWith("Error") ? name : `${name}Error`;
}
