import type { FastifyRequest } from "fastify";
import { databaseClock } from "../../../core/lib/database-clock.ts";
import { principalOf } from "../../http/auth.ts";
import { invalidField } from "../../http/validation.ts";

/**
 * When a key expires that this request creates. A key outlives itself through no other one: what it creates
 * expires no later. Throws `validation_failed`.
 */
export function expiryOfNewKey(request: FastifyRequest, wanted: string | null | undefined): string | null {
  const principal = principalOf(request);
  const own = principal.kind === "customer" ? principal.customer.key.expires_at : null;
  if (wanted === undefined) return own;
  if (wanted !== null && Date.parse(wanted) <= databaseClock.now())
    throw invalidField("/expires_at", "must be in the future");
  if (own !== null && (wanted === null || Date.parse(wanted) > Date.parse(own)))
    throw invalidField("/expires_at", `must be no later than ${own}, when the key that sends this expires`);
  return wanted;
}
