import type { FastifyReply, FastifyRequest, RouteOptions } from "fastify";
import { newId } from "../../core/lib/new-id.ts";
import type { NewOperatorAction } from "../../core/model/operator-action.ts";
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
 * A hook that makes every route which changes something record what operators do: after it was done, and before
 * the answer is sent. Refused requests are not recorded. One rule for all routes, so that none can forget it;
 * it costs that an action has no record when this process dies between the two. Entries of wallets have their
 * actor in a transaction with the money.
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
      if (isRecorded(request)) return noteBefore(request);
      done();
      return undefined;
    };
    route.preSerialization = (request, _reply, payload, done) => {
      if (request.action) request.action.after = payload;
      done(null, payload);
    };
    route.onSend = (request, reply, payload, done) => {
      if (request.action && reply.statusCode < 300) return record(request, payload);
      done(null, payload);
      return undefined;
    };

    async function noteBefore(request: FastifyRequest): Promise<void> {
      request.action = { before: await readBefore(platform, operation, request.params), after: undefined };
    }

    /** Returns the payload, which Fastify then sends. */
    async function record<Payload>(request: FastifyRequest, payload: Payload): Promise<Payload> {
      const action = toAction(request, operation);
      try {
        await platform.operatorLog(action);
      } catch (error) {
        // It is done, and a retry would do it again: the log of the process keeps what could not be stored.
        const { before: _before, after: _after, ...facts } = action;
        request.log.error({ ...facts, err: error }, "an action was not recorded");
      }
      return payload;
    }
  };
}

function toAction(request: FastifyRequest, operation: string): NewOperatorAction {
  const { principal, action } = request;
  return {
    id: newId(),
    operator_id: principal?.kind === "operator" ? principal.operator.id : null,
    operator_name: actorOf(request),
    action: operation,
    ...targetOf(request),
    before: shownInLog(action?.before),
    after: shownInLog(action?.after),
    address: request.ip,
    request_id: request.id,
  };
}

/** `/job-types/:id/pause` is done to the `job_type` with that id; `POST /customers` to the one it created. */
function targetOf({ routeOptions, params, action }: FastifyRequest): {
  target_type: string;
  target_id: string | null;
} {
  const noun = routeOptions.url?.split("/")[1] ?? "";
  const target_type = noun.replace(/s$/, "").replaceAll("-", "_");
  const id = idOf(params) ?? idOf(action?.after) ?? null;
  return { target_type, target_id: id };
}

function idOf(value: unknown): string | undefined {
  return typeof value === "object" && value !== null && "id" in value && typeof value.id === "string"
    ? value.id
    : undefined;
}
