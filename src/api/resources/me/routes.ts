import type { FastifyRequest } from "fastify";
import type { ApiKey } from "../../../core/model/customer.ts";
import { hashApiKey } from "../../../core/model/api-key.ts";
import { PlatformError } from "../../../core/lib/errors.ts";
import type { Platform } from "../../../core/use-cases/platform.ts";
import type { Api } from "../../http/api.ts";
import { ownerOf, principalOf } from "../../http/auth.ts";
import { Me } from "./contract.ts";

/** `authenticate` accepted the header, so it has this form. */
const BEARER = /^Bearer +(.+)$/i;

export function meRoutes(api: Api, { customers }: Platform): void {
  api.get(
    "/me",
    {
      schema: {
        operationId: "getMe",
        tags: ["API keys"],
        summary: "Get who is signed in",
        description:
          "Returns the name and the role of an operator. With a customer's key, returns that customer, whose `id` is in the paths of its wallet and keys, and which of its keys was sent, or began the session, with what that key may do.",
        response: { 200: Me },
      },
    },
    async (request) => {
      const owner = ownerOf(request);
      const principal = principalOf(request);
      if (principal.kind === "operator") return { kind: "operator" as const, ...principal.operator };
      if (owner === undefined)
        return { kind: "admin" as const, name: "admin" as const, role: "admin" as const };
      const [customer, key] = await Promise.all([customers.findById(owner), findKey(request, owner)]);
      if (!customer || !key)
        throw new PlatformError(
          "invalid_api_key",
          "This API key was revoked, or has expired. Use a valid one.",
        );
      const { id, name, prefix, scopes, expires_at } = key;
      const api_key = { id, name, prefix, scopes, expires_at };
      return { kind: "customer" as const, customer, api_key };
    },
  );

  /** The key of the request, or the one that its session began with. */
  async function findKey(request: FastifyRequest, owner: string): Promise<ApiKey | undefined> {
    const session = request.session?.owner;
    if (session?.kind === "customer")
      return (await customers.listApiKeys(owner)).find(({ id }) => id === session.customer.key.api_key_id);
    const sent = BEARER.exec(request.headers.authorization ?? "")?.[1] ?? "";
    return await customers.findApiKey(hashApiKey(sent));
  }
}
