import { v7 as uuidv7 } from "uuid";
import { z } from "zod";
import { createApiKey } from "../../../core/model/api-key.ts";
import { PlatformError } from "../../../core/lib/errors.ts";
import type { Platform } from "../../../core/use-cases/platform.ts";
import type { Api } from "../../http/api.ts";
import { adminOnly, noCustomer } from "../../http/auth.ts";
import { ApiKeyPage, ApiKeyParams, CreatedApiKey, NewApiKey } from "../customers/contract.ts";
import { IdParams, PageQuery } from "../../http/fields.ts";
import { toPage } from "../../http/cursor.ts";

const tags = ["API keys"];

export function apiKeyRoutes(api: Api, { customers }: Platform): void {
  api.post(
    "/customers/:id/api-keys",
    {
      onRequest: adminOnly,
      schema: {
        operationId: "createApiKey",
        tags,
        summary: "Make a key for a customer",
        description:
          "The key is shown in this answer and never again. A customer may have several: make the new one, roll it out, revoke the old one.",
        params: IdParams,
        // May be left out: it has nothing that must be said.
        body: NewApiKey.nullable(),
        response: { 201: CreatedApiKey },
        errors: ["not_found"],
      },
    },
    async ({ params, body }, reply) => {
      const { api_key, ...stored } = createApiKey();
      const { id } = await customers.addApiKey({
        ...stored,
        id: uuidv7(),
        customer_id: params.id,
        name: body?.name ?? null,
      });
      return reply.code(201).header("cache-control", "no-store").send({ id, api_key });
    },
  );

  api.get(
    "/customers/:id/api-keys",
    {
      onRequest: adminOnly,
      schema: {
        operationId: "listApiKeys",
        tags,
        summary: "List a customer's keys, newest first",
        description: "Their beginnings and when they were last used; revoked ones stay in the list.",
        params: IdParams,
        querystring: PageQuery,
        response: { 200: ApiKeyPage },
        errors: ["not_found"],
      },
    },
    async ({ params: { id }, query: { limit, cursor } }) => {
      // A customer has a handful: the page is cut here. None may also mean that there is no such customer.
      const keys = await customers.listApiKeys(id);
      if (keys.length === 0 && !(await customers.findById(id))) throw noCustomer(id);
      const rest = keys.filter((key) => cursor === undefined || key.id < cursor);
      return toPage(rest, limit, (key) => key.id);
    },
  );

  api.delete(
    "/customers/:id/api-keys/:key_id",
    {
      onRequest: adminOnly,
      schema: {
        operationId: "revokeApiKey",
        tags,
        summary: "Revoke a key",
        description: "From the next request on it is refused. Revoking it again changes nothing.",
        params: ApiKeyParams,
        response: { 204: z.undefined() },
        errors: ["not_found"],
      },
    },
    async ({ params: { id, key_id } }, reply) => {
      const revoked = await customers.revokeApiKey(id, key_id);
      if (!revoked) throw new PlatformError("not_found", `Customer ${id} has no API key ${key_id}.`);
      return reply.code(204).send();
    },
  );
}
