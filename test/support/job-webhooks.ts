import type { OpenPlatform } from "../../src/bin/open-platform.ts";
import { createWebhookSecret } from "../../src/core/lib/sign-webhook.ts";
import type { JobWebhook } from "../../src/core/model/job-webhook.ts";
import type { WebhookEndpoint } from "../../src/core/model/webhook.ts";
import { submitJobs } from "../../src/core/use-cases/submit-jobs.ts";
import { createCustomer, createJobType } from "./test-platform.ts";

type WebhookOfTest = Partial<JobWebhook> & Pick<JobWebhook, "url">;

/** A customer whose jobs bring webhooks, with the secret of these. */
export async function createWebhookOwner(platform: OpenPlatform, balance_cents?: number) {
  const customer_id = await createCustomer(platform, balance_cents);
  const job_type_id = await createJobType(platform);
  const secret = createWebhookSecret(32);
  await platform.jobWebhooks.rotateSecret(customer_id, secret, 0);
  /** Submits a job for each webhook, together; undefined: a job without one. */
  const submit = async (...webhooks: (WebhookOfTest | undefined)[]): Promise<string[]> => {
    const submitted = await submitJobs(
      platform,
      webhooks.map((webhook) => ({
        customer_id,
        job_type_id,
        input_data: null,
        webhook: webhook && { events: ["job.finished"], ...webhook },
      })),
    );
    return submitted.map((one) => {
      if ("refused" in one) throw one.refused;
      return one.job.id;
    });
  };
  /** Submits them, and cancels each: they end. */
  const end = async (...webhooks: (WebhookOfTest | undefined)[]): Promise<string[]> => {
    const ids = await submit(...webhooks);
    for (const id of ids) await platform.jobs.cancel(id);
    return ids;
  };
  const origins = async (): Promise<WebhookEndpoint[]> =>
    await platform.webhookEndpoints.list(customer_id, { limit: 200 }, "one_off");
  return { customer_id, job_type_id, secret, submit, end, origins };
}
