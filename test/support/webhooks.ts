import { pino } from "pino";
import type { OpenPlatform } from "../../src/bin/open-platform.ts";
import { newId } from "../../src/core/lib/new-id.ts";
import { createWebhookSecret } from "../../src/core/lib/sign-webhook.ts";
import type { WebhookEvent } from "../../src/core/model/webhook.ts";
import { startUpkeep } from "../../src/upkeep/upkeep.ts";
import { createPostWebhook } from "../../src/webhooks/post-webhook.ts";
import { WebhookSender } from "../../src/webhooks/webhook-sender.ts";
import { atTheEnd } from "./cleanup.ts";
import { runSql } from "./sql.ts";
import { upkeepTask } from "./upkeep.ts";

/** A sender as a runner has one, that sends only in `round`. */
export function createSender(
  platform: OpenPlatform,
  timeout_ms = 15_000,
  options: Partial<Parameters<typeof createPostWebhook>[0]> = {},
): WebhookSender {
  const sender = new WebhookSender({
    deliveries: platform.webhookDeliveries,
    post: createPostWebhook({ ...platform.webhookRules, timeout_ms, ...options }),
    log: pino({ level: "silent" }),
  });
  atTheEnd(() => sender.stop(0));
  return sender;
}

/** Sends webhooks as the upkeep of a runner does. Ends with the test. */
export function startSending(platform: OpenPlatform, timeout_ms = 15_000): WebhookSender {
  const sender = createSender(platform, timeout_ms);
  const task = upkeepTask(platform, "webhooks", { webhooks: sender });
  const upkeep = startUpkeep([task], pino({ level: "silent" }));
  atTheEnd(() => upkeep.stop());
  return sender;
}

/** Makes deliveries of all that waits, which claims do as far as they can send it. */
export async function spreadAll(databaseUrl: string): Promise<void> {
  await runSql(databaseUrl, "SELECT spread_webhooks(e.id, e.customer_id, 1000000) FROM webhook_endpoints e");
}

/** An endpoint of a customer, or of the operator; returns its id and its secret. */
export async function createEndpoint(
  platform: OpenPlatform,
  url: string,
  events: readonly WebhookEvent[],
  customer_id: string | null = null,
): Promise<{ id: string; secret: string }> {
  const endpoint = { id: newId(), secret: createWebhookSecret(32) };
  await platform.webhookEndpoints.create({ ...endpoint, customer_id, url, events, description: null });
  return endpoint;
}
