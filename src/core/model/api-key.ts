import { randomBytes, timingSafeEqual } from "node:crypto";
import { sha256 } from "../lib/sha256.ts";

const SECRET_BYTES = 32;
const PREFIX_LENGTH = 12;

interface CreatedKey {
  readonly api_key: string;
  readonly prefix: string;
  readonly key_hash: string;
}

/** The form of the keys of customers. */
export const CUSTOMER_KEY = /^iep_[\w-]{43}$/;
/** The form of the keys of operators, which tells before any look-up whose key it is. */
export const OPERATOR_KEY = /^iepo_[\w-]{43}$/;

/**
 * Creates a key for a customer. `api_key` is shown once. Only its hash is stored, and a prefix to tell keys
 * apart.
 */
export function createApiKey(): CreatedKey {
  return createKey("iep_");
}

/** `createApiKey` for an operator. */
export function createOperatorKey(): CreatedKey {
  return createKey("iepo_");
}

function createKey(kind: string): CreatedKey {
  const api_key = `${kind}${randomBytes(SECRET_BYTES).toString("base64url")}`;
  return { api_key, prefix: api_key.slice(0, PREFIX_LENGTH), key_hash: hashApiKey(api_key) };
}

/** Returns the hash under which a key is stored. One round of SHA-256 is enough for 256 random bits. */
export function hashApiKey(api_key: string): string {
  return toKeyHash(sha256(api_key));
}

/** `hashApiKey` for callers that have the SHA-256 of the key already. */
export function toKeyHash(digest: Buffer): string {
  return `sha256:${digest.toString("hex")}`;
}

/** Whether two secrets are the same. Takes the same time wherever they differ. */
export function sameSecret(secret: string, other: string): boolean {
  // Digests all have the same length, which this comparison needs.
  return timingSafeEqual(sha256(secret), sha256(other));
}
