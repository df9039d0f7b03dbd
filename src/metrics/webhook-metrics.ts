import { Counter } from "prom-client";
import type { WebhookMeter } from "../core/model/meters.ts";
import { CALL_SECONDS } from "./buckets.ts";
import { FastHistogram } from "./fast-histogram.ts";
import type { Metrics } from "./metrics.ts";

const OUTCOMES = ["delivered", "failed", "retry", "released"] as const;

/** Measures the deliveries of webhooks that a runner sends. */
export function meterWebhooks(metrics: Metrics): WebhookMeter {
  const registers = [metrics.registry];
  const deliveries = new Counter({
    name: "iep_webhook_deliveries_total",
    help: "Tries of webhook deliveries: delivered, failed for good, to be retried, or released unsent at a stop.",
    labelNames: ["outcome"],
    registers,
  });
  const disabled = new Counter({
    name: "iep_webhook_endpoints_disabled_total",
    help: "Webhook endpoints that this process disabled because they were gone or failed for days.",
    registers,
  });
  const seconds = new FastHistogram(
    {
      name: "iep_webhook_delivery_seconds",
      help: "How long endpoints took to answer a delivery.",
      labels: ["outcome"],
      buckets: CALL_SECONDS,
    },
    metrics.registry,
  );
  for (const outcome of OUTCOMES) deliveries.inc({ outcome }, 0);
  return {
    ended(outcome, took_seconds) {
      deliveries.inc({ outcome });
      seconds.of(outcome).add(took_seconds);
    },
    disabled: () => disabled.inc(),
  };
}
