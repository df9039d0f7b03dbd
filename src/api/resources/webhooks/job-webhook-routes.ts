import { createWebhookSecret } from "../../../core/lib/sign-webhook.ts";
import { WEBHOOK_OVERLAP_HOURS, WEBHOOK_SECRET_BYTES } from "../../../core/model/limits.ts";
import type { Platform } from "../../../core/use-cases/platform.ts";
import type { Api } from "../../http/api.ts";
import { refuseForeign } from "../../http/auth.ts";
import { IdParams } from "../../http/fields.ts";
import { JobWebhookSecret, SecretRotation } from "./contract.ts";
import { tags } from "./routes.ts";

const HOUR_MS = 3_600_000;

export function jobWebhookRoutes(api: Api, { jobWebhooks }: Platform): void {
  api.post(
    "/customers/:id/rotate-webhook-secret",
    {
      schema: {
        operationId: "rotateJobWebhookSecret",
        tags,
        summary: "Get or replace the secret of the webhooks of single jobs",
        description:
          "All webhooks that jobs of a customer bring with them are signed with one secret. Returns a new one, which is shown only here. The first call is also how to get the first one: what was sent before was signed with one that nobody has seen. For a while deliveries are signed with both, so that the receivers can change over. Replaced twice, the oldest ends at once.",
        params: IdParams,
        body: SecretRotation.nullable(),
        response: { 200: JobWebhookSecret },
        errors: ["not_found", "customer_erased"],
      },
    },
    async (request) => {
      const { id } = request.params;
      refuseForeign(request, id);
      const overlap_hours = request.body?.overlap_hours ?? WEBHOOK_OVERLAP_HOURS;
      const secret = createWebhookSecret(WEBHOOK_SECRET_BYTES);
      const hadOne = await jobWebhooks.rotateSecret(id, secret, overlap_hours);
      const until = new Date(Date.now() + overlap_hours * HOUR_MS).toISOString();
      return { secret, old_secret_until: hadOne ? until : null };
    },
  );
}
