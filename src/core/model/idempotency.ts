import { createHash } from "node:crypto";
import { canonicalJson } from "../lib/json.ts";

/** A client's own name for one request, as digests: neither the key nor the body can be read back. */
export interface IdempotencyKey {
  /** Digest of the key and of who sent it, in the form of a UUID. */
  readonly id: string;
  /** Digest of the request. Another request under the same key is refused. */
  readonly request_hash: string;
}

/** A job's place under the key of its request, from 0. */
export interface KeyedItem extends IdempotencyKey {
  readonly item: number;
}

/**
 * `scope` is who sent the key: two customers may use the same key. `request` is what must be equal for the
 * key to be sent again: method, path, body. Each digest is 128 bits of SHA-256: to find a key of another
 * scope with the same digest takes 2^128 tries.
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
