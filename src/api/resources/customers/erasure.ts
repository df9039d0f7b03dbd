import { PlatformError } from "../../../core/lib/errors.ts";
import type { Platform } from "../../../core/use-cases/platform.ts";
import { eraseCustomer, findErasure } from "../../../core/use-cases/erase-customer.ts";
import type { Api } from "../../http/api.ts";
import { actorOf, adminOnly } from "../../http/auth.ts";
import { IdParams } from "../../http/fields.ts";
import { Erasure, NewErasure } from "./erasure-contract.ts";

const tags = ["Customers"];

export function erasureRoutes(api: Api, platform: Platform): void {
  api.post(
    "/customers/:id/erase",
    {
      onRequest: adminOnly,
      schema: {
        operationId: "eraseCustomer",
        tags,
        summary: "Erase a customer",
        description:
          "Erases what is known of a customer, for good: name, address, keys and sessions at once, then inputs, outputs, errors and logs of its jobs, failures, bulk actions, events, and the details of what operators did to it. Jobs, amounts and ledger entries stay, so the audit and the seals go on proving the money. `GET /customers/{id}/erasure` says before what it would find. Runners do the work; it goes on after a crash. Sent again, it starts nothing anew and adds the decisions that are new.",
        params: IdParams,
        body: NewErasure,
        response: { 200: Erasure },
        errors: ["not_found", "jobs_open", "balance_left"],
      },
    },
    async (request) => {
      const { id: customer_id } = request.params;
      const { confirm, cancel_jobs: cancels_jobs, forfeit: forfeits } = request.body;
      if (confirm !== customer_id)
        throw new PlatformError("validation_failed", "Confirm the erasure with the id of the customer.", {
          errors: [{ pointer: "/confirm", message: `must be ${customer_id}, the id in the path` }],
        });
      return await eraseCustomer(platform, {
        customer_id,
        cancels_jobs,
        forfeits,
        actor: actorOf(request),
      });
    },
  );

  api.get(
    "/customers/:id/erasure",
    {
      onRequest: adminOnly,
      schema: {
        operationId: "getErasure",
        tags,
        summary: "See how far the erasure of a customer is",
        description: "Where none has started: what one would find, with the status `preview`.",
        params: IdParams,
        response: { 200: Erasure },
        errors: ["not_found"],
      },
    },
    async (request) => await findErasure(platform, request.params.id),
  );
}
