import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { IDEMPOTENCY_KEY_LENGTH_MAX } from "../../core/model/limits.ts";
import { toIdempotencyKey, type IdempotencyKey } from "../../core/model/idempotency.ts";
import { principalOf } from "./auth.ts";
import { invalidField } from "./validation.ts";

const PRINTABLE_ASCII = new RegExp(`^[\\x20-\\x7e]{1,${IDEMPOTENCY_KEY_LENGTH_MAX}}$`);

/** Headers of the routes that take an Idempotency-Key. Other headers are not validated. */
export const IdempotencyHeaders = z.looseObject({
  "idempotency-key": z
    .string()
    .regex(PRINTABLE_ASCII, `must be 1 to ${IDEMPOTENCY_KEY_LENGTH_MAX} printable ASCII characters`)
    .optional()
    .meta({
      description:
        "Your own name for this request, stored for 30 days. The same key with the same body returns 200 with what the first request created, and `Idempotent-Replayed: true`. Requests that were refused are not stored.",
    }),
});

/**
 * The Idempotency-Key of a request, or undefined. The key is scoped to the caller; method, path and body must
 * equal those of the first request. `body` is the parsed body.
 */
export function idempotencyKeyOf(request: FastifyRequest, body: unknown): IdempotencyKey | undefined {
  const key = request.headers["idempotency-key"];
  if (typeof key !== "string") return undefined;
  const scope = scopeOf(request);
  try {
    return toIdempotencyKey(scope, key, { method: request.method, url: request.url, body });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw invalidField(
      "",
      "is nested too deeply for a request with an Idempotency-Key: send it less nested, or without the key",
    );
  }
}

/** Whose key it is: callers never meet at each other's. */
function scopeOf(request: FastifyRequest): string {
  const principal = principalOf(request);
  if (principal.kind === "customer") return principal.customer.id;
  return principal.kind === "operator" ? `operator ${principal.operator.id}` : "admin";
}

/** 201 for a new row; 200 where an earlier request with the same key or reference created it. */
export function createdStatus(replayed: boolean): 200 | 201 {
  return replayed ? 200 : 201;
}

/**
 * Sets `Idempotent-Replayed` where the response repeats that of an earlier request with the same
 * Idempotency-Key.
 */
export function setReplayedHeader(request: FastifyRequest, reply: FastifyReply, replayed: boolean): void {
  if (replayed && request.headers["idempotency-key"] !== undefined)
    reply.header("idempotent-replayed", "true");
}
