import type { Platform } from "../../../core/use-cases/platform.ts";
import type { Api } from "../../http/api.ts";
import { adminOnly } from "../../http/auth.ts";
import { NoBody } from "../../http/fields.ts";
import { Audit } from "./contract.ts";

const tags = ["Operations"];

export function auditRoutes(api: Api, { audits }: Platform): void {
  api.get(
    "/audit",
    {
      onRequest: adminOnly,
      schema: {
        operationId: "getAudit",
        tags,
        summary: "Get the result of the last audit",
        description:
          "Returns whether each promise of the platform held on all data. Runners audit every hour, or more seldom where an audit takes long.",
        response: { 200: Audit },
      },
    },
    async () => await audits.last(),
  );

  api.post(
    "/audit",
    {
      onRequest: adminOnly,
      schema: {
        operationId: "requestAudit",
        tags,
        summary: "Ask for an audit now",
        description:
          "A runner begins it within seconds, one at a time. It is done when `requested_at` is null again. Asking twice changes nothing.",
        body: NoBody,
        response: { 202: Audit },
      },
    },
    async (_request, reply) => {
      await audits.request();
      return await reply.code(202).send(await audits.last());
    },
  );
}
