import type { FastifyReply, FastifyRequest } from "fastify";
import { cut } from "../../core/lib/cut.ts";
import { withoutKeys } from "../../core/lib/without-keys.ts";
import { PATH_LOGGED_MAX, REFUSALS_LOGGED_MAX, REFUSALS_LOGGED_MS } from "../../core/model/limits.ts";
import type { Api } from "./api.ts";
import { pathOf } from "./path-of.ts";

/** At which requests that were served are logged. */
const LEVELS: ReadonlySet<string> = new Set(["debug", "trace"]);

/**
 * Logs every response: at `debug` when it was served, at `info` when it was refused. Refusals cost their
 * sender nothing and come by the thousand a second. Only the first of a second get a line each; the others
 * are counted, and the counts are logged when the second ends.
 */
export function logRequests(api: Api): void {
  let refusals = 0;
  let unlisted = new Map<number, number>();

  api.addHook("onResponse", (request, reply, done) => {
    if (reply.statusCode < 400) {
      // What nobody logs is not even put together.
      if (LEVELS.has(api.log.level)) request.log.debug(factsOf(request, reply), "request");
    } else if (isListed(reply.statusCode)) request.log.info(factsOf(request, reply), "request");
    done();
  });

  /** Whether this refusal gets a line. A failure of ours always does. */
  function isListed(status: number): boolean {
    if (refusals === 0) setTimeout(endSecond, REFUSALS_LOGGED_MS).unref();
    refusals += 1;
    if (status >= 500 || refusals <= REFUSALS_LOGGED_MAX) return true;
    unlisted.set(status, (unlisted.get(status) ?? 0) + 1);
    return false;
  }

  function endSecond(): void {
    const refused = Object.fromEntries(unlisted);
    if (unlisted.size > 0) api.log.info({ refused }, "further requests were refused");
    refusals = 0;
    unlisted = new Map();
  }
}

/** The query is left out: people put keys into it. */
function factsOf(
  { id, method, url, trace }: FastifyRequest,
  { statusCode, elapsedTime }: FastifyReply,
): object {
  return {
    request_id: id,
    ...(trace && { trace_id: trace.traceId }),
    method,
    path: cut(withoutKeys(pathOf(url)), PATH_LOGGED_MAX),
    status: statusCode,
    duration_ms: Math.round(elapsedTime),
  };
}
