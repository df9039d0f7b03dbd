import type { FastifyReply, FastifyRequest } from "fastify";
import { BodyBytes } from "./body-bytes.ts";

/**
 * The hook of every route that needs a key: first whose request it is, then whether its sender has too much
 * under way. Both happen before the body is read.
 */
export function authenticateAndCount(authenticate: (request: FastifyRequest) => Promise<void>) {
  const bodies = new BodyBytes();

  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    try {
      await authenticate(request);
    } catch (refusal) {
      throw bodies.refuseStranger(refusal, request);
    }
    bodies.reserve(request, reply);
  };
}
