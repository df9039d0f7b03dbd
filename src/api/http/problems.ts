import type { FastifyReply, FastifyRequest } from "fastify";
import { cut } from "../../core/lib/cut.ts";
import { ERRORS, PlatformError, type ErrorCode } from "../../core/lib/errors.ts";
import { DETAIL_LENGTH_MAX } from "../../core/model/limits.ts";
import { ANSWER_HEADERS } from "./answer-headers.ts";
import { errorPath } from "./error-path.ts";
import { createErrorBudget, spend, UNLISTED } from "./error-budget.ts";
import type { Problem } from "./problem.ts";

/**
 * Codes of client errors that Fastify and its plugins throw, by status. Any other 4xx of theirs is
 * `malformed_request`.
 */
const CODES_BY_STATUS: Readonly<Record<number, ErrorCode>> = {
  404: "not_found",
  413: "payload_too_large",
  415: "unsupported_media_type",
};

const DETAILS = {
  malformed_request: "The request cannot be read.",
  not_found: "Nothing exists at this path. GET /docs lists all paths.",
  payload_too_large:
    "The body is larger than 1 MiB (1048576 bytes). Send less, or split it into several requests.",
  unsupported_media_type: "Send JSON in UTF-8, uncompressed, with Content-Type: application/json.",
} as const satisfies Partial<Record<ErrorCode, string>>;

/** Our texts for errors of Fastify, whose own texts may repeat the input and are not sent. */
const DETAILS_BY_FASTIFY_CODE: Readonly<Record<string, string>> = {
  FST_ERR_CTP_INVALID_JSON_BODY:
    "The body is not valid JSON, or it contains a key that is not allowed (__proto__, constructor.prototype).",
  FST_ERR_CTP_EMPTY_JSON_BODY: "The body is empty. Send a JSON document.",
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: "The length of the body differs from its Content-Length.",
  FST_ERR_BAD_URL: "The path is not correctly percent-encoded.",
  FST_ERR_MAX_PARAM_LENGTH: "The path is too long.",
};

/** An error as RFC 9457 sends it. Its wrong fields come out of the budget of the request. */
export function toProblem(error: PlatformError, request_id: string, budget = createErrorBudget()): Problem {
  const errors = spend(budget, error.errors);
  const isUnlisted = error.errors.length > 0 && errors.length === 0;
  return {
    // It leads to a page of this server that explains the code.
    type: errorPath(error.code),
    title: error.title,
    status: error.status,
    code: error.code,
    detail: isUnlisted ? UNLISTED : cut(error.message, DETAIL_LENGTH_MAX),
    request_id,
    retryable: error.retryable,
    ...(errors.length > 0 ? { errors } : {}),
    ...error.members,
  };
}

/**
 * Fastify's error handler. Sends every thrown error as a problem. An unexpected one becomes `internal_error`
 * and reveals nothing but the request's id.
 */
export function sendProblem(thrown: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const error = asPlatformError(thrown);
  if (error.code === "internal_error")
    request.log.error({ request_id: request.id, err: thrown }, "a request failed: this is a bug");
  else if (error.status >= 500)
    request.log.warn({ request_id: request.id, err: error }, "a request could not be served");

  if (error.status === 401) reply.header("www-authenticate", "Bearer");
  if (error.retryable) reply.header("retry-after", String(error.retry_after_seconds));
  // After a body that it did not read to its end, Fastify closes the connection, and the reset can reach the
  // client before the response does. Without the header, Node reads and drops the rest of the body. It stays
  // where the connection ends anyway, because the client said so.
  if (reply.raw.shouldKeepAlive) reply.removeHeader("connection");
  return (
    reply
      .code(error.status)
      // Set here, too: some errors, such as a bad path, occur before the hook that sets them.
      .headers({ "request-id": request.id, ...ANSWER_HEADERS })
      .type("application/problem+json")
      .send(toProblem(error, request.id))
  );
}

function asPlatformError(thrown: unknown): PlatformError {
  if (thrown instanceof PlatformError) return thrown;
  if (!(thrown instanceof Error) || !("statusCode" in thrown)) return internalError();
  const status = Number(thrown.statusCode);
  if (!(status >= 400 && status < 500)) return internalError();
  const code = CODES_BY_STATUS[status] ?? "malformed_request";
  const fastifyCode = "code" in thrown ? String(thrown.code) : "";
  return new PlatformError(code, DETAILS_BY_FASTIFY_CODE[fastifyCode] ?? detailOf(code), { cause: thrown });
}

function detailOf(code: ErrorCode): string {
  return code in DETAILS ? DETAILS[code as keyof typeof DETAILS] : ERRORS[code].title;
}

function internalError(): PlatformError {
  return new PlatformError(
    "internal_error",
    "Something went wrong on our side. Report it with this request_id.",
  );
}

/** For a path that no route has, or none with that method: then `allow` names the methods that it takes. */
export function noSuchRoute(method: string, allow: string | undefined): PlatformError {
  // The path is not repeated: it can contain anything.
  return allow === undefined
    ? new PlatformError("not_found", "Nothing exists at this path. GET /docs lists all paths.")
    : new PlatformError("method_not_allowed", `This path does not take ${method}. It takes ${allow}.`);
}
