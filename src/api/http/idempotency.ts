import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import {
  IDEMPOTENCY_KEY_LENGTH_MAX,
  toIdempotencyKey,
  type IdempotencyKey,
} from "../../core/model/idempotency.ts";
import { ownerOf } from "./auth.ts";
import { invalidField } from "./validation.ts";

const ADMIN_SCOPE = "admin";
const PRINTABLE_ASCII = new RegExp(`^[\\x20-\\x7e]{1,${IDEMPOTENCY_KEY_LENGTH_MAX}}$`);

/** Of the routes that take an Idempotency-Key. Other headers are not looked at. */
export const IdempotencyHeaders = z.looseObject({
  "idempotency-key": z
    .string()
    .regex(PRINTABLE_ASCII, `must be 1 to ${IDEMPOTENCY_KEY_LENGTH_MAX} printable ASCII characters`)
    .optional()
    .meta({
      description:
        "Your own name for this request, remembered for 30 days. The same key and body again answers 200 with what the first made and `Idempotent-Replayed: true`; refused requests are not remembered.",
    }),
});

/** The key of a request, or undefined. Who asks, the method, the path and the body make it another request. `body` as it was parsed. */
export function idempotencyKeyOf(request: FastifyRequest, body: unknown): IdempotencyKey | undefined {
  const key = request.headers["idempotency-key"];
  if (typeof key !== "string") return undefined;
  const scope = ownerOf(request) ?? ADMIN_SCOPE;
  try {
    return toIdempotencyKey(scope, key, { method: request.method, url: request.url, body });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw invalidField("", "is nested too deeply to be told from other requests under its Idempotency-Key");
  }
}

/** 201, or where a key or a reference had made it before 200: with a key, `Idempotent-Replayed` says so. */
export function madeOrReplayed(request: FastifyRequest, reply: FastifyReply, replayed: boolean): 200 | 201 {
  if (replayed && request.headers["idempotency-key"] !== undefined)
    reply.header("idempotent-replayed", "true");
  return replayed ? 200 : 201;
}
