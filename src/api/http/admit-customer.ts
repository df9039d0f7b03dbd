import type { FastifyRequest } from "fastify";
import { PlatformError } from "../../core/lib/errors.ts";
import type { KeyHolder } from "../../core/model/customer.ts";
import { refuseScope } from "./needed-scopes.ts";

/** Sets `request.principal`. Refuses a key that has expired, or whose scopes are not enough. */
export function admitCustomer(request: FastifyRequest, customer: KeyHolder): undefined {
  if (customer.key.ends_at <= performance.now())
    throw new PlatformError("invalid_api_key", "This API key has expired. Use a valid one.");
  // Before its scopes: what is refused for them counts as a request of this key.
  request.principal = { kind: "customer", customer };
  refuseScope(request, customer.key);
}
