import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import type { BegunAction } from "../../core/model/operator-action.ts";
import type { ErrorCode } from "../../core/lib/errors.ts";
import type { Session } from "../../core/model/session.ts";
import type { RequestTrace } from "../../core/model/traces.ts";
import type { Principal } from "./auth.ts";

/** A Fastify instance on which the zod schemas of a route type its body, query, path and responses. */
export type Api = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  ZodTypeProvider
>;

declare module "fastify" {
  interface FastifyRequest {
    /** Who sent the request. `authenticate` sets it, on every route but the public ones. */
    principal: Principal | undefined;
    /** The session that authenticated it; undefined with a key. */
    session: Session | undefined;
    /** What an operator changes with it: before and after. Undefined where nothing is recorded. */
    action: { readonly begun: BegunAction; after: unknown } | undefined;
    /** How long it waited for a database that was away, to find the owner of its key. */
    waited_ms: number;
    /** How long it is to wait for the end of the job that it submits (`Prefer: wait`). */
    wait_seconds: number | undefined;
    /** Undefined where nobody traces. */
    trace: RequestTrace | undefined;
  }
  interface FastifySchema {
    /**
     * The errors of this route alone, for the OpenAPI document, which adds those that all routes of its kind
     * have.
     */
    errors?: readonly ErrorCode[];
    /** What the `Location` header of the response leads to, for the OpenAPI document. */
    location?: string;
  }
}
