import { randomBytes } from "node:crypto";
import { Webhook } from "standardwebhooks";

/** What a new secret begins with, so that people and scanners know it. */
const SECRET_PREFIX = "whsec_";

/** A new secret, as Standard Webhooks writes it. */
export function createWebhookSecret(bytes: number): string {
  return SECRET_PREFIX + randomBytes(bytes).toString("base64");
}

/** The `webhook-id` of a delivery. */
export function webhookIdOf(deliveryId: string): string {
  return `msg_${deliveryId.replaceAll("-", "")}`;
}

/**
 * The headers with which a receiver proves who sent `body`, and when (Standard Webhooks 1.0). One signature for
 * each secret, so that a receiver may have the old or the new one while a secret is rotated.
 */
export function signWebhook(
  deliveryId: string,
  body: string,
  secrets: readonly string[],
  now: Date,
): Readonly<Record<string, string>> {
  const id = webhookIdOf(deliveryId);
  return {
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(now.getTime() / 1_000)),
    "webhook-signature": secrets.map((secret) => new Webhook(secret).sign(id, now, body)).join(" "),
  };
}
