import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import type { ErrorCode } from "../../core/lib/errors.ts";
import type { Principal } from "./auth.ts";

/** A Fastify instance on which the zod schema of a route types its body, query, path and answers. */
export type Api = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  ZodTypeProvider
>;

declare module "fastify" {
  interface FastifyRequest {
    /** Who asks: set by `authenticate`, so on every route but the public ones. */
    principal: Principal | undefined;
  }
  interface FastifySchema {
    /** The errors of this route alone, for the OpenAPI document; those that every such route has are added there. */
    errors?: readonly ErrorCode[];
  }
}
