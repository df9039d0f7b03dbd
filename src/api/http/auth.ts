import { createHash, timingSafeEqual } from "node:crypto";
import type { FastifyRequest } from "fastify";
import { customerNotFound } from "../../core/model/not-found.ts";
import { KEY_LOOKUPS_WAITING_MAX } from "../../core/model/limits.ts";
import { toKeyHash } from "../../core/model/api-key.ts";
import type { CustomerRepository, KeyOwner } from "../../core/model/customer.ts";
import { PlatformError } from "../../core/lib/errors.ts";
import { customerInactive } from "../../core/model/refusals.ts";
import { GroupCommit } from "../../core/lib/group-commit.ts";

/** Who sent a request. */
export type Principal =
  { readonly kind: "admin" } | { readonly kind: "customer"; readonly customer: KeyOwner };

/** The actor of entries that were posted with the admin key. */
export const ADMIN_ACTOR = "admin";

/** Most keys that one query looks up. */
const LOOKUP_BATCH_MAX = 500;

/** The key may contain spaces: an operator chooses the admin key. */
const BEARER = /^Bearer +(.+)$/i;
/** The form of the keys that `createApiKey` creates. Any other is refused without a query. */
const CUSTOMER_KEY = /^iep_[\w-]{43}$/;

/**
 * Returns the hook that sets `request.principal`, or refuses with 401. Concurrent requests share one query.
 */
export function authenticate(customers: CustomerRepository, adminApiKey: string) {
  const adminDigest = sha256(adminApiKey);
  const owners = new GroupCommit<string, KeyOwner | undefined>({
    run: (hashes) => customers.findByApiKeys(hashes),
    batchMax: LOOKUP_BATCH_MAX,
    queueMax: KEY_LOOKUPS_WAITING_MAX,
    onFull: () =>
      new PlatformError("unavailable", "Too many requests are waiting for the database. Try again."),
    isolates: () => false,
  });

  return async (request: FastifyRequest): Promise<void> => {
    const key = readKey(request.headers.authorization);
    // Digests all have the same length, and this comparison takes the same time wherever they differ.
    const digest = sha256(key);
    if (timingSafeEqual(digest, adminDigest)) {
      request.principal = { kind: "admin" };
      return;
    }
    const customer = CUSTOMER_KEY.test(key) ? await owners.add(toKeyHash(digest)) : undefined;
    if (!customer)
      throw new PlatformError(
        "invalid_api_key",
        "This API key does not exist or was revoked. Use a valid one.",
      );
    request.principal = { kind: "customer", customer };
  };
}

function readKey(authorization: string | undefined): string {
  if (authorization === undefined)
    throw new PlatformError(
      "missing_api_key",
      "The Authorization header is missing. Send your API key: Authorization: Bearer <key>.",
    );
  const key = BEARER.exec(authorization)?.[1];
  if (key === undefined)
    throw new PlatformError(
      "invalid_api_key",
      "The Authorization header is malformed. Send your API key: Authorization: Bearer <key>.",
    );
  return key;
}

function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

export function principalOf(request: FastifyRequest): Principal {
  if (!request.principal) throw new Error(`${request.routeOptions.url} is not behind authenticate`);
  return request.principal;
}

/** A hook for routes that need the admin key. */
export async function adminOnly(request: FastifyRequest): Promise<void> {
  if (principalOf(request).kind !== "admin")
    throw new PlatformError("forbidden", "This request needs the admin key.");
}

/** A hook for routes that create jobs: an inactive customer can read but cannot submit. */
export async function activeOnly(request: FastifyRequest): Promise<void> {
  const principal = principalOf(request);
  if (principal.kind === "customer" && !principal.customer.active) throw customerInactive();
}

/**
 * The only customer whose data a request may use; undefined for the admin key. Queries filter by it, so that
 * no row of another customer is read.
 */
export function ownerOf(request: FastifyRequest): string | undefined {
  const principal = principalOf(request);
  return principal.kind === "customer" ? principal.customer.id : undefined;
}

/**
 * Refuses the id of another customer as if it did not exist, so that nobody can find out which customers
 * exist.
 */
export function refuseForeign(request: FastifyRequest, customer_id: string | undefined): void {
  const owner = ownerOf(request);
  if (owner !== undefined && customer_id !== undefined && customer_id !== owner)
    throw customerNotFound(customer_id);
}
