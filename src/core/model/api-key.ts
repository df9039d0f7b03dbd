import { randomBytes, timingSafeEqual } from "node:crypto";
import { crc32 } from "node:zlib";
import { sha256 } from "../lib/sha256.ts";

const SECRET_BYTES = 32;
const PREFIX_LENGTH = 12;
const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/** Digits of 256 bits, and of 32, to the base of 62. */
const SECRET_LENGTH = 43;
const CHECKSUM_LENGTH = 6;

/** What the key of a customer may do, beyond telling whose it is and what can be submitted. */
export const SCOPES = ["jobs:write", "jobs:read", "wallet:read"] as const;
export type Scope = (typeof SCOPES)[number];

interface CreatedKey {
  readonly api_key: string;
  readonly prefix: string;
  readonly key_hash: string;
}

/**
 * The form of a key: its prefix, a secret and the checksum of both. Keys of the first form have no checksum, and
 * letters with which base64url writes their secret.
 */
const KEY = /^(?<prefix>iepo?_)(?:[\w-]{43}|[0-9A-Za-z]{43}(?<checksum>[0-9A-Za-z]{6}))$/;

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
  const secret = toBase62(BigInt(`0x${randomBytes(SECRET_BYTES).toString("hex")}`), SECRET_LENGTH);
  const api_key = `${kind}${secret}${checksumOf(kind + secret)}`;
  return { api_key, prefix: api_key.slice(0, PREFIX_LENGTH), key_hash: hashApiKey(api_key) };
}

/**
 * Whose key it may be, by its form alone: undefined for what cannot be a key. So what was mistyped or made up is
 * refused without a look-up, and secret scanners know a key when they see one.
 */
export function kindOfKey(text: string): "customer" | "operator" | undefined {
  const { prefix, checksum } = KEY.exec(text)?.groups ?? {};
  if (prefix === undefined) return undefined;
  if (checksum !== undefined && checksumOf(text.slice(0, -CHECKSUM_LENGTH)) !== checksum) return undefined;
  return prefix === "iep_" ? "customer" : "operator";
}

/** CRC-32 of the text before it, in six digits to the base of 62. */
function checksumOf(text: string): string {
  return toBase62(BigInt(crc32(text)), CHECKSUM_LENGTH);
}

function toBase62(value: bigint, length: number): string {
  let digits = "";
  for (let rest = value; digits.length < length; rest /= 62n)
    digits = (DIGITS[Number(rest % 62n)] ?? "") + digits;
  return digits;
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
