import { PlatformError } from "../lib/errors.ts";
import { withRetry } from "../lib/with-retry.ts";
import type { JobWebhook, StoredJobWebhook } from "../model/job-webhook.ts";
import type { Platform } from "./platform.ts";

interface Request {
  readonly customer_id: string;
  readonly webhook?: JobWebhook | undefined;
}

/**
 * Finds the endpoint of the origin of each webhook, in one call for all, and creates what is missing. Returns, in
 * order, the webhook to store, or why there can be none; undefined for a job without one.
 */
export async function findOrigins(
  { jobWebhooks }: Pick<Platform, "jobWebhooks">,
  requests: readonly Request[],
  retry: { readonly for_ms: number; readonly delay_max_ms: number },
): Promise<(StoredJobWebhook | PlatformError | undefined)[]> {
  const origins = new Map<string, { readonly customer_id: string; readonly origin: string }>();
  for (const { customer_id, webhook } of requests) {
    if (!webhook) continue;
    const { origin } = new URL(webhook.url);
    origins.set(customer_id + origin, { customer_id, origin });
  }
  const taken = await withRetry(() => jobWebhooks.takeOrigins([...origins.values()]), retry);
  const found = new Map([...origins.keys()].map((key, n) => [key, taken[n]]));
  return requests.map(({ customer_id, webhook }) => {
    if (!webhook) return undefined;
    const endpoint_id = found.get(customer_id + new URL(webhook.url).origin);
    return typeof endpoint_id === "string" ? { ...webhook, endpoint_id } : endpoint_id;
  });
}
