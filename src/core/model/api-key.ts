import { createHash, randomBytes } from "node:crypto";

const SECRET_BYTES = 32;
const PREFIX_LENGTH = 12;

/**
 * Creates a key for a customer. `api_key` is shown once. Only its hash is stored, and a prefix to tell keys
 * apart.
 */
export function createApiKey(): { api_key: string; prefix: string; key_hash: string } {
  const api_key = `iep_${randomBytes(SECRET_BYTES).toString("base64url")}`;
  return { api_key, prefix: api_key.slice(0, PREFIX_LENGTH), key_hash: hashApiKey(api_key) };
}

/** Returns the hash under which a key is stored. One round of SHA-256 is enough for 256 random bits. */
export function hashApiKey(api_key: string): string {
  return toKeyHash(createHash("sha256").update(api_key).digest());
}

/** `hashApiKey` for callers that have the SHA-256 of the key already. */
export function toKeyHash(digest: Buffer): string {
  return `sha256:${digest.toString("hex")}`;
}
