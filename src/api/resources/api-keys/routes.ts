import { newId } from "../../../core/lib/new-id.ts";
import { z } from "zod";
import { customerNotFound } from "../../../core/model/not-found.ts";
import { createApiKey } from "../../../core/model/api-key.ts";
import { KEY_OVERLAP_DEFAULT_SECONDS } from "../../../core/model/limits.ts";
import { PlatformError } from "../../../core/lib/errors.ts";
import type { Platform } from "../../../core/use-cases/platform.ts";
import type { Api } from "../../http/api.ts";
import { refuseForeign } from "../../http/auth.ts";
import { ApiKeyPage, ApiKeyParams, CreatedApiKey, NewApiKey, RollApiKey, RolledApiKey } from "./contract.ts";
import { expiryOfNewKey } from "./expiry.ts";
import { IdParams, PageQuery } from "../../http/fields.ts";
import { toPage } from "../../http/cursor.ts";

const tags = ["API keys"];

export function apiKeyRoutes(api: Api, { customers }: Platform): void {
  api.post(
    "/customers/:id/api-keys",
    {
      schema: {
        operationId: "createApiKey",
        tags,
        summary: "Create an API key for a customer",
        description:
          "Returns the key, which is shown only here. A customer can have several. A customer's key may create keys of that customer, which expire no later than itself.",
        params: IdParams,
        // The body may be left out: it has no required field.
        body: NewApiKey.nullable(),
        response: { 201: CreatedApiKey },
        errors: ["not_found", "customer_erased", "too_many_keys"],
      },
    },
    async (request, reply) => {
      const { params, body } = request;
      refuseForeign(request, params.id);
      const expires_at = expiryOfNewKey(request, body?.expires_at);
      const { api_key, ...stored } = createApiKey();
      const { id } = await customers.addApiKey({
        ...stored,
        id: newId(),
        customer_id: params.id,
        name: body?.name ?? null,
        scopes: body?.scopes,
        expires_at,
      });
      return reply.code(201).header("cache-control", "no-store").send({ id, api_key });
    },
  );

  api.get(
    "/customers/:id/api-keys",
    {
      schema: {
        operationId: "listApiKeys",
        tags,
        summary: "List the API keys of a customer, newest first",
        description:
          "Returns the first characters of each key, what it may do, when it expires and when it was last used. Keys that were revoked or have expired stay in the list.",
        params: IdParams,
        querystring: PageQuery,
        response: { 200: ApiKeyPage },
        errors: ["not_found"],
      },
    },
    async (request) => {
      const { id } = request.params;
      const { limit, cursor } = request.query;
      refuseForeign(request, id);
      // A customer has a handful of keys, so all are read and the page is cut here. An empty list may mean
      // that the customer does not exist.
      const keys = await customers.listApiKeys(id);
      if (keys.length === 0 && !(await customers.findById(id))) throw customerNotFound(id);
      const rest = keys.filter((key) => cursor === undefined || key.id < cursor);
      return toPage(rest, limit, (key) => key.id);
    },
  );

  api.post(
    "/customers/:id/api-keys/:key_id/roll",
    {
      schema: {
        operationId: "rollApiKey",
        tags,
        summary: "Replace an API key",
        description:
          "Creates a key with the name and the scopes of the old one, and shows it only here. The old key stays valid for `overlap_seconds`, so that every program can change over in time. Revoke it to end it at once. A key may roll itself.",
        params: ApiKeyParams,
        // The body may be left out: it has no required field.
        body: RollApiKey.nullable(),
        response: { 201: RolledApiKey },
        errors: ["not_found", "too_many_keys"],
      },
    },
    async (request, reply) => {
      const { id: customer_id, key_id } = request.params;
      refuseForeign(request, customer_id);
      const { expires_at, overlap_seconds = KEY_OVERLAP_DEFAULT_SECONDS } = request.body ?? {};
      const { api_key, ...stored } = createApiKey();
      const { key, replaced } = await customers.rollApiKey({
        ...stored,
        id: newId(),
        customer_id,
        replaces: key_id,
        overlap_seconds,
        expires_at: expiryOfNewKey(request, expires_at),
        keepsExpiry: expires_at === undefined,
      });
      const { expires_at: ends_at } = replaced;
      if (ends_at === null) throw new Error(`the rolled key ${key_id} has no end`);
      return reply
        .code(201)
        .header("cache-control", "no-store")
        .send({
          id: key.id,
          api_key,
          expires_at: key.expires_at,
          replaced: { id: replaced.id, expires_at: ends_at },
        });
    },
  );

  api.delete(
    "/customers/:id/api-keys/:key_id",
    {
      schema: {
        operationId: "revokeApiKey",
        tags,
        summary: "Revoke an API key",
        description:
          "The key is refused from the next request on. Revoking it again changes nothing. A customer's key may revoke keys of that customer, and itself.",
        params: ApiKeyParams,
        response: { 204: z.undefined() },
        errors: ["not_found"],
      },
    },
    async (request, reply) => {
      const { id, key_id } = request.params;
      refuseForeign(request, id);
      const revoked = await customers.revokeApiKey(id, key_id);
      if (!revoked) throw new PlatformError("not_found", `Customer ${id} has no API key ${key_id}.`);
      return reply.code(204).send();
    },
  );
}
