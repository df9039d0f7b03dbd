import type { Platform } from "../../../core/use-cases/platform.ts";
import type { Api } from "../../http/api.ts";
import { actorOf, adminOnly } from "../../http/auth.ts";
import { IdParams } from "../../http/fields.ts";
import { createdStatus } from "../../http/idempotency.ts";
import { ONCE, WalletEntry } from "../entries/contract.ts";
import { Refund } from "./contract.ts";

export function refundRoutes(api: Api, { wallets }: Platform): void {
  api.post(
    "/jobs/:id/refunds",
    {
      onRequest: adminOnly,
      schema: {
        operationId: "refundJob",
        tags: ["Wallets"],
        summary: "Refund a job, in part or in full",
        description: `${ONCE} The refunds of a job never exceed its charge.`,
        params: IdParams,
        body: Refund,
        response: { 200: WalletEntry, 201: WalletEntry },
        errors: ["not_found", "reference_reused", "refund_exceeds_charge"],
      },
    },
    async (request, reply) => {
      const { reason = null, ...body } = request.body;
      const refund = { ...body, reason, job_id: request.params.id };
      const { entry, replayed } = await wallets.refund(refund, actorOf(request));
      return reply.code(createdStatus(replayed)).send(entry);
    },
  );
}
