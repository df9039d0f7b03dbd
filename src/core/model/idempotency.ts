import { createHash } from "node:crypto";
import { canonicalJson } from "../lib/json.ts";

/** A client's own name for one request, as it is stored: neither the key nor the body can be read back from it. */
export interface IdempotencyKey {
  /** Digest of whose key it is and the key, in the form of a UUID. */
  readonly id: string;
  /** Digest of the request: another one under the same key is refused. */
  readonly request_hash: string;
}

/** A job's place under the key of its request, from 0. */
export interface KeyedItem extends IdempotencyKey {
  readonly item: number;
}

/**
 * `scope` is who sent the key: two customers may use the same. `request` is all that makes a request another one: method, path, body.
 * 128 bits of SHA-256 each: finding a second key of another scope takes 2^128 tries.
 */
export function toIdempotencyKey(scope: string, key: string, request: unknown): IdempotencyKey {
  return { id: digest(`${scope}\n${key}`), request_hash: digest(canonicalJson(request)) };
}

function digest(text: string): string {
  const hex = createHash("sha256").update(text).digest("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
    "-",
  );
}
