import type { FastifyReply, FastifyRequest, RouteOptions } from "fastify";
import { newId } from "../../core/lib/new-id.ts";
import type { BegunAction } from "../../core/model/operator-action.ts";
import type { Platform } from "../../core/use-cases/platform.ts";
import { actorOf } from "./auth.ts";
import { readBefore } from "./before-action.ts";
import { shownInLog } from "./shown-in-log.ts";

/** It is a POST because it has a body, and changes nothing. */
const CHANGES_NOTHING: ReadonlySet<string> = new Set(["estimateJob"]);
/**
 * What programs do with the admin key by the thousand: no round trip more for them. The job is there to be seen.
 * It is recorded for operators, and for whoever is signed in.
 */
const BY_PROGRAMS: ReadonlySet<string> = new Set(["submitJob", "submitJobs"]);

/**
 * A hook that makes every route which changes something record what operators do: it is stored before it is done,
 * and moved to the list when it was, before the answer is sent. Where it cannot be stored it is not done. Refused
 * requests are forgotten again. One rule for all routes, so that none can forget it. What a process left begun when
 * it died, upkeep puts on the list, with a word that nobody knows how it ended.
 */
export function recordActions(platform: Platform): (route: RouteOptions) => void {
  return (route) => {
    const operation = String(route.schema?.operationId);
    if ([route.method].flat().every((method) => method === "GET" || method === "HEAD")) return;
    if (CHANGES_NOTHING.has(operation)) return;
    const isRecorded = ({ principal, session }: FastifyRequest): boolean =>
      principal?.kind === "operator" ||
      (principal?.kind === "admin" && (session !== undefined || !BY_PROGRAMS.has(operation)));

    // Each calls `done` when there is nothing to wait for: a promise on every submission would cost more.
    route.preHandler = (request: FastifyRequest, _reply: FastifyReply, done: () => void) => {
      if (isRecorded(request)) return begin(request);
      done();
      return undefined;
    };
    route.preSerialization = (request, _reply, payload, done) => {
      if (request.action) request.action.after = payload;
      done(null, payload);
    };
    route.onSend = (request, reply, payload, done) => {
      if (request.action) return end(request, reply.statusCode, payload);
      done(null, payload);
      return undefined;
    };

    async function begin(request: FastifyRequest): Promise<void> {
      const before = await readBefore(platform, operation, request.params);
      const begun = toBegun(request, operation, before);
      await platform.operatorLog.begin(begun);
      request.action = { begun, after: undefined };
    }

    /** Returns the payload, which Fastify then sends. */
    async function end<Payload>(request: FastifyRequest, status: number, payload: Payload): Promise<Payload> {
      const { begun, after } = request.action ?? {};
      if (!begun) return payload;
      try {
        if (status >= 400 && status < 500) await platform.operatorLog.drop(begun.id);
        else {
          const shown =
            status < 400
              ? shownInLog(after)
              : { left_out: `It was answered with ${status}: it is not known whether this was done.` };
          await platform.operatorLog.end({ id: begun.id, target_id: idOf(after) ?? null, after: shown });
        }
      } catch (error) {
        // Upkeep puts it on the list later. The log of the process says now what it was.
        const { before: _before, ...facts } = begun;
        request.log.error({ ...facts, err: error }, "an action was not recorded");
      }
      return payload;
    }
  };
}

function toBegun(request: FastifyRequest, operation: string, before: unknown): BegunAction {
  const { principal } = request;
  return {
    id: newId(),
    operator_id: principal?.kind === "operator" ? principal.operator.id : null,
    operator_name: actorOf(request),
    action: operation,
    ...targetOf(request),
    before: shownInLog(before),
    address: request.ip,
    request_id: request.id,
  };
}

/** `/job-types/:id/pause` is done to the `job_type` with that id; `POST /customers` to the one that it will create. */
function targetOf({ routeOptions, params }: FastifyRequest): {
  target_type: string;
  target_id: string | null;
} {
  const noun = routeOptions.url?.split("/")[1] ?? "";
  const target_type = noun.replace(/s$/, "").replaceAll("-", "_");
  return { target_type, target_id: idOf(params) ?? null };
}

function idOf(value: unknown): string | undefined {
  return typeof value === "object" && value !== null && "id" in value && typeof value.id === "string"
    ? value.id
    : undefined;
}
