import { fastify, type FastifyInstance } from "fastify";
import type { Client, Payload } from "./contender.ts";

/**
 * The least API that a peer's user would write: the same Fastify as ours, one route, a validated body, no
 * authentication.
 */
export function createPlainApi(client: Client): FastifyInstance {
  const api = fastify({ logger: false });
  api.post<{ Body: Payload }>(
    "/jobs",
    {
      schema: {
        body: { type: "object", required: ["n"], properties: { n: { type: "integer" } } },
      },
    },
    async ({ body }, reply) => {
      await client.submitOne(body);
      return reply.code(201).send(body);
    },
  );
  api.addHook("onClose", () => client.close());
  return api;
}
