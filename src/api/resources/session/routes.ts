import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { PlatformError } from "../../../core/lib/errors.ts";
import { newId } from "../../../core/lib/new-id.ts";
import { SIGN_IN_BODY_BYTES_MAX } from "../../../core/model/limits.ts";
import { createToken, hashToken } from "../../../core/model/session.ts";
import type { Platform } from "../../../core/use-cases/platform.ts";
import type { Api } from "../../http/api.ts";
import type { FindKey } from "../../http/find-key.ts";
import { FailedSignIns } from "../../http/failed-sign-ins.ts";
import {
  clearSessionCookie,
  refuseForgery,
  refuseOtherSites,
  sessionTokenOf,
  setSessionCookie,
} from "../../http/session-cookie.ts";
import { SignIn } from "./contract.ts";

const tags = ["Sessions"];

/** Sign-in and sign-out. Both are public: who signs in is nobody yet, and who signs out may be nobody any more. */
export function sessionRoutes(api: Api, { sessionRows, rateLimits }: Platform, findKey: FindKey): void {
  const failed = new FailedSignIns(rateLimits.signIns);

  api.post(
    "/session",
    {
      bodyLimit: SIGN_IN_BODY_BYTES_MAX,
      onRequest: async (request) => {
        refuseOtherSites(request);
        refuseLargeBody(request);
      },
      schema: {
        operationId: "signIn",
        tags,
        summary: "Sign a browser in",
        description:
          "Exchanges a key for the cookie `iep_session`, which scripts cannot read and other sites cannot send. It lasts 12 hours, ends after 2 hours without a request, and ends with its key. Requests that it authenticates and that change something need the header `X-CSRF-Protection: 1`. Who fails to sign in too often is refused with 429.",
        security: [],
        body: SignIn,
        response: { 204: z.undefined() },
        errors: ["invalid_api_key", "customer_inactive", "forbidden", "rate_limited", "unavailable"],
      },
    },
    async (request, reply) => {
      const token = createToken();
      const key = await failed.count(request.ip, () => findKey(request.body, token));
      await sessionRows.create({ id: newId(), token_hash: hashToken(token), key });
      await endSession(request);
      setSessionCookie(request, reply, token);
      return reply.code(204).send();
    },
  );

  api.delete(
    "/session",
    {
      schema: {
        operationId: "signOut",
        tags,
        summary: "Sign a browser out",
        description:
          "Ends the session of the cookie, in every process, and removes the cookie. Without a session it changes nothing. It needs the header `X-CSRF-Protection: 1` where there is a cookie.",
        security: [],
        response: { 204: z.undefined() },
        errors: ["forbidden", "unavailable"],
      },
    },
    async (request, reply) => {
      if (sessionTokenOf(request) !== undefined) refuseForgery(request);
      await endSession(request);
      clearSessionCookie(request, reply);
      return reply.code(204).send();
    },
  );

  async function endSession(request: FastifyRequest): Promise<void> {
    const token = sessionTokenOf(request);
    if (typeof token === "string") await sessionRows.end(hashToken(token));
  }
}

/** Before the body is read: nobody knows yet who sends it. */
function refuseLargeBody({ headers }: FastifyRequest): void {
  const bytes =
    headers["transfer-encoding"] === undefined ? Number(headers["content-length"] ?? 0) : Infinity;
  if (bytes > SIGN_IN_BODY_BYTES_MAX)
    throw new PlatformError(
      "payload_too_large",
      `A sign-in has ${SIGN_IN_BODY_BYTES_MAX} bytes at most, and a Content-Length that says so.`,
    );
}
