import type { FastifyReply, FastifyRequest } from "fastify";
import { ERRORS, PlatformError, type ErrorCode } from "../../core/lib/errors.ts";
import type { Problem } from "./problem.ts";

/** The client faults that Fastify and its plugins throw, by their status; any other 4xx of theirs is a request that cannot be read. */
const CODES_BY_STATUS: Readonly<Record<number, ErrorCode>> = {
  404: "not_found",
  413: "payload_too_large",
  415: "unsupported_media_type",
};

const DETAILS = {
  malformed_request: "The request cannot be read.",
  not_found: "There is nothing at this address.",
  payload_too_large: "The body may have 1 MiB (1048576 bytes) at most. Send less, or in several requests.",
  unsupported_media_type: "Send JSON in UTF-8, uncompressed, with Content-Type: application/json.",
} as const satisfies Partial<Record<ErrorCode, string>>;

/** What to tell a client of codes that Fastify throws for more than one reason. Its own words may repeat the input: they stay inside. */
const DETAILS_BY_FASTIFY_CODE: Readonly<Record<string, string>> = {
  FST_ERR_CTP_INVALID_JSON_BODY:
    "The body is not valid JSON, or it has a key that is not allowed (__proto__, constructor.prototype).",
  FST_ERR_CTP_EMPTY_JSON_BODY: "The body is empty. Send JSON.",
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: "The body does not have the length that Content-Length says.",
  FST_ERR_BAD_URL: "The path has bad percent-encoding.",
  FST_ERR_MAX_PARAM_LENGTH: "The path is too long.",
};

/** RFC 9457: the error as it goes out. */
export function toProblem(error: PlatformError, request_id: string): Problem {
  return {
    // A reference that resolves: GET /docs/errors tells each.
    type: `/docs/errors#${error.code}`,
    title: error.title,
    status: error.status,
    code: error.code,
    detail: error.message,
    request_id,
    retryable: error.retryable,
    ...(error.errors.length > 0 ? { errors: error.errors } : {}),
    ...error.members,
  };
}

/** Fastify's error handler: everything that was thrown leaves as a problem, and what nobody foresaw as `internal_error` with no more than the request's id. */
export function sendProblem(thrown: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const error = asPlatformError(thrown);
  if (error.code === "internal_error")
    request.log.error({ request_id: request.id, err: thrown }, "a request failed: this is a bug");
  else if (error.status >= 500)
    request.log.warn({ request_id: request.id, err: error }, "a request could not be served");

  if (error.status === 401) reply.header("www-authenticate", "Bearer");
  if (error.status === 503) reply.header("retry-after", "1");
  // Fastify closes the connection after a body that it did not read to its end, and the reset can reach the client before the answer does.
  // Node reads the rest away, for as long as a request may take.
  reply.removeHeader("connection");
  return (
    reply
      .code(error.status)
      // Also on errors before the first hook, such as a bad path.
      .header("request-id", request.id)
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
  return new PlatformError("internal_error", "Something went wrong on our side. Tell us the request_id.");
}

/** For unknown paths, and known ones with another method. */
export function sendNotFound(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  // The path is not repeated: it may be anything.
  return sendProblem(
    new PlatformError(
      "not_found",
      `There is no ${request.method} at this path. GET /docs lists what there is.`,
    ),
    request,
    reply,
  );
}
