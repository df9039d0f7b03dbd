import { timingSafeEqual } from "node:crypto";
import type { FastifyRequest, onRequestHookHandler } from "fastify";
import { sha256 } from "../../core/lib/sha256.ts";
import { customerNotFound } from "../../core/model/not-found.ts";
import { SUBMIT_FOR_MS } from "../../core/model/limits.ts";
import { kindOfKey, toKeyHash } from "../../core/model/api-key.ts";
import type { KeyHolder } from "../../core/model/customer.ts";
import { PlatformError } from "../../core/lib/errors.ts";
import type { Platform } from "../../core/use-cases/platform.ts";
import type { CustomerKeys } from "../../core/use-cases/customer-keys.ts";
import type { KnownOperator } from "../../core/model/operator.ts";
import type { OperatorKeys } from "../../core/use-cases/operator-keys.ts";
import { authenticateSession } from "./authenticate-session.ts";
import { admitCustomer } from "./admit-customer.ts";
import { admitOperator } from "./admit-operator.ts";
import { customerInactive } from "../../core/model/refusals.ts";

/** Who sent a request. */
export type Principal =
  | { readonly kind: "admin" }
  | { readonly kind: "operator"; readonly operator: KnownOperator }
  | { readonly kind: "customer"; readonly customer: KeyHolder };

/** The actor of entries that were posted with the admin key. */
const ADMIN_ACTOR = "admin";

/** The key may contain spaces: an operator chooses the admin key. */
const BEARER = /^Bearer +(.+)$/i;

/** Sets `request.principal`, or throws a refusal. A promise is returned only where the database is asked. */
export type Authenticate = (request: FastifyRequest) => Promise<void> | undefined;

/**
 * Returns what sets `request.principal`, or refuses with 401. It asks the database only for keys and sessions
 * that this process does not know. A submission waits for a database that is away; other requests hear of it at
 * once. A request with an Authorization header is authenticated by that alone, also when it has a cookie.
 */
export function authenticate(
  { customerKeys, operatorKeys, sessions }: Pick<Platform, "customerKeys" | "operatorKeys" | "sessions">,
  adminApiKey: string,
): Authenticate {
  const adminDigest = sha256(adminApiKey);

  return (request) => {
    const { authorization } = request.headers;
    if (authorization === undefined) return authenticateSession(request, sessions, adminApiKey);
    const key = readKey(authorization);
    // Digests all have the same length, and this comparison takes the same time wherever they differ.
    const digest = sha256(key);
    if (timingSafeEqual(digest, adminDigest)) {
      request.principal = { kind: "admin" };
      return undefined;
    }
    // A cache that is searched by the digest tells nothing about a key by its time.
    const hash = toKeyHash(digest);
    const customer = customerKeys.peek(hash);
    if (customer) return admitCustomer(request, customer);
    // What has not the form of a key is refused without a query.
    const kind = kindOfKey(key);
    if (kind === undefined) throw unknownKey();
    const operator = kind === "operator" ? operatorKeys.peek(hash) : undefined;
    if (operator) return admitOperator(request, operator);
    return kind === "operator"
      ? findOperator(operatorKeys, request, hash)
      : findCustomer(customerKeys, request, hash);
  };
}

async function findCustomer(
  customerKeys: CustomerKeys,
  request: FastifyRequest,
  hash: string,
): Promise<void> {
  const asked_at = performance.now();
  const customer = await customerKeys.find(hash, request.method === "POST" ? SUBMIT_FOR_MS : 0);
  if (!customer) throw unknownKey();
  admitCustomer(request, customer);
  request.waited_ms = performance.now() - asked_at;
}

async function findOperator(keys: OperatorKeys, request: FastifyRequest, hash: string): Promise<void> {
  const operator = await keys.find(hash);
  if (!operator) throw unknownKey();
  admitOperator(request, operator);
}

export function unknownKey(): PlatformError {
  return new PlatformError("invalid_api_key", "This API key does not exist or was revoked. Use a valid one.");
}

function readKey(authorization: string): string {
  const key = BEARER.exec(authorization)?.[1];
  if (key === undefined)
    throw new PlatformError(
      "invalid_api_key",
      "The Authorization header is malformed. Send your API key: Authorization: Bearer <key>.",
    );
  return key;
}

export function principalOf(request: FastifyRequest): Principal {
  if (!request.principal) throw new Error(`${request.routeOptions.url} is not behind authenticate`);
  return request.principal;
}

/**
 * A hook for routes that no customer's key opens. Which operators may use them is in `NEEDED_ROLES`, and was
 * checked before.
 */
export async function adminOnly(request: FastifyRequest): Promise<void> {
  if (principalOf(request).kind === "customer")
    throw new PlatformError("forbidden", "This request needs the admin key, or that of an operator.");
}

/**
 * A hook for routes that create jobs: an inactive customer can read but cannot submit. With a callback: a promise on
 * every submission would cost more.
 */
export const activeOnly: onRequestHookHandler = (request, _reply, done) => {
  const principal = principalOf(request);
  done(principal.kind === "customer" && !principal.customer.active ? customerInactive() : undefined);
};

/** Who posts an entry with this request: the name of the operator, or `admin`. */
export function actorOf(request: FastifyRequest): string {
  const principal = principalOf(request);
  return principal.kind === "operator" ? principal.operator.name : ADMIN_ACTOR;
}

/**
 * The only customer whose data a request may use; undefined for operators. Queries filter by it, so that
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
