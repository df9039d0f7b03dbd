import type { FastifyRequest } from "fastify";
import { PlatformError } from "../../core/lib/errors.ts";
import { sameSecret } from "../../core/model/api-key.ts";
import { adminProof, hashToken } from "../../core/model/session.ts";
import type { KnownSession, Sessions } from "../../core/use-cases/sessions.ts";
import { admitCustomer } from "./admit-customer.ts";
import { admitOperator } from "./admit-operator.ts";
import { refuseForgery, sessionTokenOf } from "./session-cookie.ts";

/** Sets `request.principal` and `request.session` by the cookie of a request, or refuses with 401 or 403. */
export function authenticateSession(
  request: FastifyRequest,
  sessions: Sessions,
  adminApiKey: string,
): Promise<void> | undefined {
  const token = sessionTokenOf(request);
  if (token === undefined)
    throw new PlatformError(
      "missing_api_key",
      "The Authorization header is missing. Send your API key: Authorization: Bearer <key>.",
    );
  if (token === null) throw sessionEnded();
  refuseForgery(request);
  const hash = hashToken(token);
  const admit = (session: KnownSession | undefined): undefined => {
    if (!session || session.ends_at < performance.now()) throw sessionEnded();
    const { owner } = session;
    if (owner.kind === "operator") admitOperator(request, owner.operator);
    else if (owner.kind === "customer") admitCustomer(request, owner.customer);
    else if (sameSecret(owner.admin_proof, adminProof(adminApiKey, token)))
      request.principal = { kind: "admin" };
    else throw sessionEnded();
    request.session = session;
  };
  const known = sessions.peek(hash);
  return known ? admit(known) : sessions.find(hash).then(admit);
}

function sessionEnded(): PlatformError {
  return new PlatformError("invalid_api_key", "The session has ended. Sign in again.");
}
