import type { FastifyReply, FastifyRequest } from "fastify";
import { PlatformError } from "../../core/lib/errors.ts";
import { SESSION_MAX_MS } from "../../core/model/limits.ts";

const NAME = "iep_session";
const COOKIE = new RegExp(`(?:^|;)\\s*${NAME}=([^;]*)`, "g");
/** The form of the tokens that `createToken` creates. Any other is refused without a query. */
const TOKEN = /^[\w-]{43}$/;

/** The header that a page of another origin cannot send without a preflight, which this API does not answer. */
export const CSRF_HEADER = "x-csrf-protection";

/**
 * The token of the session cookie; undefined without a cookie, null when it has no token's form. Two session
 * cookies count as none: a page of a neighbouring host may have set one of them.
 */
export function sessionTokenOf({ headers }: FastifyRequest): string | null | undefined {
  if (headers.cookie === undefined) return undefined;
  const [first, ...others] = [...headers.cookie.matchAll(COOKIE)].map(([, token = ""]) => token.trim());
  if (first === undefined) return undefined;
  return others.length === 0 && TOKEN.test(first) ? first : null;
}

/** Sets the cookie of a session that has begun. Scripts never see it, and other sites never send it. */
export function setSessionCookie(request: FastifyRequest, reply: FastifyReply, token: string): void {
  reply.header("set-cookie", cookie(request, token, Math.floor(SESSION_MAX_MS / 1_000)));
}

export function clearSessionCookie(request: FastifyRequest, reply: FastifyReply): void {
  reply.header("set-cookie", cookie(request, "", 0));
}

/**
 * A proxy with TLS says so with X-Forwarded-Proto. Who lies about it gains nothing: the cookie of that browser
 * alone is then lost, or sent as it came.
 */
function cookie({ headers }: FastifyRequest, value: string, max_age_seconds: number): string {
  const isHttps = /^\s*https\b/i.test(String(headers["x-forwarded-proto"] ?? ""));
  const parts = [`${NAME}=${value}`, "Path=/", `Max-Age=${max_age_seconds}`, "HttpOnly", "SameSite=Strict"];
  return [...parts, ...(isHttps ? ["Secure"] : [])].join("; ");
}

/**
 * Refuses a request that would change something by a cookie alone, which a browser sends along on its own.
 * Throws `forbidden`.
 */
export function refuseForgery(request: FastifyRequest): void {
  if (request.method === "GET" || request.method === "HEAD") return;
  refuseOtherSites(request);
  if (request.headers[CSRF_HEADER] !== "1")
    throw new PlatformError(
      "forbidden",
      "A request that is signed in by a cookie and changes something needs the header X-CSRF-Protection: 1.",
    );
}

/** Refuses what a browser says that a page of another site sent. Throws `forbidden`. */
export function refuseOtherSites({ headers }: FastifyRequest): void {
  const site = headers["sec-fetch-site"];
  if (site !== undefined && site !== "same-origin" && site !== "none")
    throw new PlatformError("forbidden", "A page of another site may not do this with your session.");
}
