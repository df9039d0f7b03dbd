import { createHash, timingSafeEqual } from "node:crypto";
import type { FastifyRequest } from "fastify";
import { toKeyHash } from "../../core/model/api-key.ts";
import type { Customer, CustomerRepository } from "../../core/model/customer.ts";
import { PlatformError } from "../../core/lib/errors.ts";
import { customerInactive } from "../../core/model/refusals.ts";
import { GroupCommit } from "../../core/lib/group-commit.ts";

/** Who asks. */
export type Principal =
  { readonly kind: "admin" } | { readonly kind: "customer"; readonly customer: Customer };

/** Who moves money with the admin key, as the ledger names it. */
export const ADMIN_ACTOR = "admin";

/** Keys that share one look-up. */
const LOOKUP_BATCH_MAX = 500;
/** Requests of one process whose key waits to be looked up; beyond that the answer is 503, not more memory. */
const LOOKUPS_WAITING_MAX = 20_000;

/** Also with spaces in it: the admin key is whatever an operator chose. */
const BEARER = /^Bearer +(.+)$/i;
/** What `createApiKey` makes. Anything else is refused without asking the database. */
const CUSTOMER_KEY = /^iep_[\w-]{43}$/;

/** Makes the hook that sets `request.principal`, or answers 401. Concurrent requests share one look-up. */
export function authenticate(customers: CustomerRepository, adminApiKey: string) {
  const admin_digest = sha256(adminApiKey);
  const owners = new GroupCommit<string, Customer | undefined>({
    run: (hashes) => customers.findByApiKeys(hashes),
    batchMax: LOOKUP_BATCH_MAX,
    queueMax: LOOKUPS_WAITING_MAX,
    onFull: () => new PlatformError("unavailable", "Too many requests wait for the database. Try again."),
    isolates: () => false,
  });

  return async (request: FastifyRequest): Promise<void> => {
    const key = readKey(request.headers.authorization);
    // Digests have one length, and comparing them takes the same time wherever they differ.
    const digest = sha256(key);
    if (timingSafeEqual(digest, admin_digest)) {
      request.principal = { kind: "admin" };
      return;
    }
    const customer = CUSTOMER_KEY.test(key) ? await owners.add(toKeyHash(digest)) : undefined;
    if (!customer)
      throw new PlatformError("invalid_api_key", "This API key is not known, or it was revoked.");
    request.principal = { kind: "customer", customer };
  };
}

function readKey(authorization: string | undefined): string {
  if (authorization === undefined)
    throw new PlatformError("missing_api_key", "Send your API key: Authorization: Bearer <key>.");
  const key = BEARER.exec(authorization)?.[1];
  if (key === undefined)
    throw new PlatformError(
      "invalid_api_key",
      "The Authorization header is not of the form: Authorization: Bearer <key>.",
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

/** A hook for routes that only the admin key opens. */
export async function adminOnly(request: FastifyRequest): Promise<void> {
  if (principalOf(request).kind !== "admin")
    throw new PlatformError("forbidden", "This needs the admin key.");
}

/** A hook for routes that make jobs: an inactive customer may read, not submit. */
export async function activeOnly(request: FastifyRequest): Promise<void> {
  const principal = principalOf(request);
  if (principal.kind === "customer" && !principal.customer.active) throw customerInactive();
}

/** The customer that a request is confined to; undefined for the admin key. Goes into the query, so that no row of another is ever read. */
export function ownerOf(request: FastifyRequest): string | undefined {
  const principal = principalOf(request);
  return principal.kind === "customer" ? principal.customer.id : undefined;
}

/** Refuses another customer's id as if there were no such customer: whether there is, is nobody else's business. */
export function refuseForeign(request: FastifyRequest, customer_id: string | undefined): void {
  const owner = ownerOf(request);
  if (owner !== undefined && customer_id !== undefined && customer_id !== owner)
    throw noCustomer(customer_id);
}

export function noCustomer(customer_id: string): PlatformError {
  return new PlatformError("not_found", `There is no customer ${customer_id}.`);
}
