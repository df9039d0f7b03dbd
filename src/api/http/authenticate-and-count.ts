import type { FastifyReply, FastifyRequest } from "fastify";
import type { Authenticate } from "./auth.ts";
import { BodyBytes } from "./body-bytes.ts";
import { isTooMuch, type RequestRates } from "./request-rates.ts";

/**
 * The hook of every route that needs a key: first whose request it is, then whether its sender asks too often or
 * has too much under way. All of it happens before the body is read. It calls `done` when it knows at once,
 * because a promise on every request would cost more than that.
 */
export function authenticateAndCount(authenticate: Authenticate, rates: RequestRates) {
  const bodies = new BodyBytes();

  const count = async (
    asking: Promise<void>,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> => {
    try {
      await asking;
    } catch (refusal) {
      return await refuse(refusal, request, reply);
    }
    const limited = rates.take(request, reply);
    if (limited) return await rates.hold(limited);
    bodies.reserve(request, reply);
  };

  const refuse = async (refusal: unknown, request: FastifyRequest, reply: FastifyReply): Promise<never> => {
    // Known, but not allowed to do this: that counts as a request of its key.
    const limited = request.principal ? rates.take(request, reply) : rates.fail(refusal, request);
    if (isTooMuch(limited)) return await rates.hold(bodies.refuseStranger(limited, request));
    throw request.principal ? refusal : bodies.refuseStranger(refusal, request);
  };

  return (request: FastifyRequest, reply: FastifyReply, done: () => void): Promise<void> | undefined => {
    let asking: Promise<void> | undefined;
    try {
      asking = authenticate(request);
    } catch (refusal) {
      return refuse(refusal, request, reply);
    }
    if (asking) return count(asking, request, reply);
    const limited = rates.take(request, reply);
    if (limited) return rates.hold(limited);
    bodies.reserve(request, reply);
    done();
    return undefined;
  };
}
