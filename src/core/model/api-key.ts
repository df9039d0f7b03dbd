import { createHash, randomBytes } from "node:crypto";

const SECRET_BYTES = 32;
const PREFIX_LENGTH = 12;

/** A new key of a customer. `api_key` is shown once; what is stored is its hash, and a prefix to tell keys apart. */
export function createApiKey(): { api_key: string; prefix: string; key_hash: string } {
  const api_key = `iep_${randomBytes(SECRET_BYTES).toString("base64url")}`;
  return { api_key, prefix: api_key.slice(0, PREFIX_LENGTH), key_hash: hashApiKey(api_key) };
}

/** One round of SHA-256 is enough for 256 random bits: there is nothing to guess. */
export function hashApiKey(api_key: string): string {
  return toKeyHash(createHash("sha256").update(api_key).digest());
}

/** From the SHA-256 of a key, for who has it already. */
export function toKeyHash(digest: Buffer): string {
  return `sha256:${digest.toString("hex")}`;
}
