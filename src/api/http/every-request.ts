import type { onRequestHookHandler } from "fastify";
import type { AllowOf } from "./allowed-methods.ts";
import { findAmbiguousHeader } from "./ambiguous-headers.ts";
import { ANSWER_HEADERS } from "./answer-headers.ts";
import { pathOf } from "./path-of.ts";
import { answerPreferences } from "./preferences.ts";
import { noSuchRoute } from "./problems.ts";

/**
 * The first hook of every request, known path or not: sets the headers of the response, and refuses what
 * needs no reading of the body. With callbacks, not promises: a promise on every request would cost more than
 * what this hook does.
 */
export function everyRequest(allowOf: AllowOf): onRequestHookHandler {
  return (request, reply, done) => {
    reply.header("request-id", request.id);
    reply.headers(ANSWER_HEADERS);
    const ambiguous = findAmbiguousHeader(request.raw);
    if (ambiguous) return done(ambiguous);
    if (request.is404) {
      const allow = allowOf(pathOf(request.url));
      if (allow !== undefined) reply.header("allow", allow);
      return done(noSuchRoute(request.method, allow));
    }
    const { prefer } = request.headers;
    if (prefer !== undefined) {
      try {
        answerPreferences(request, reply, String(prefer));
      } catch (refusal) {
        // A thrown value is unknown; this is the PlatformError of `answerPreferences`.
        return done(refusal as Error);
      }
    }
    return done();
  };
}
