import type { FastifyReply, FastifyRequest } from "fastify";
import type { Authenticate } from "./auth.ts";
import { BodyBytes } from "./body-bytes.ts";

/**
 * The hook of every route that needs a key: first whose request it is, then whether its sender has too much
 * under way. Both happen before the body is read. It calls `done` when it knows at once, because a promise on
 * every request would cost more than that.
 */
export function authenticateAndCount(authenticate: Authenticate) {
  const bodies = new BodyBytes();

  const count = async (
    asking: Promise<void>,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> => {
    try {
      await asking;
    } catch (refusal) {
      throw bodies.refuseStranger(refusal, request);
    }
    bodies.reserve(request, reply);
  };

  return (request: FastifyRequest, reply: FastifyReply, done: () => void): Promise<void> | undefined => {
    let asking: Promise<void> | undefined;
    try {
      asking = authenticate(request);
    } catch (refusal) {
      throw bodies.refuseStranger(refusal, request);
    }
    if (asking) return count(asking, request, reply);
    bodies.reserve(request, reply);
    done();
    return undefined;
  };
}
