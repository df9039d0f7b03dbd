import { setTimeout as pause } from "node:timers/promises";
import type { Command } from "commander";
import { z } from "zod";
import { newId } from "../../../core/lib/new-id.ts";
import { createWebhookSecret, signWebhook } from "../../../core/lib/sign-webhook.ts";
import { withRetry } from "../../../core/lib/with-retry.ts";
import {
  WEBHOOK_ANSWER_KEPT_BYTES,
  WEBHOOK_LISTENER_MS,
  WEBHOOK_SECRET_BYTES,
  WEBHOOK_TIMEOUT_MS,
} from "../../../core/model/limits.ts";
import {
  WEBHOOK_EVENTS,
  type ClaimedDelivery,
  type DeliveryAnswer,
  type DeliveryOutcome,
} from "../../../core/model/webhook.ts";
import { webhookBody } from "../../../core/use-cases/webhook-body.ts";
import type { Platform } from "../../../core/use-cases/platform.ts";
import { platformAction, withExamples, type CliRun } from "../../terminal/command.ts";
import { Id } from "../../terminal/options.ts";
import { EventList } from "./event-list.ts";

const POLL_MS = 300;
const TOGETHER = 8;
/** It gives up when the database is away for this long. */
const AWAY_MAX_MS = 30_000;

const LocalUrl = z
  .string()
  .transform((word) => (/^https?:\/\//.test(word) ? word : `http://${word}`))
  .refine((word) => URL.canParse(word), "must be an address such as http://127.0.0.1:4000/webhooks");

/**
 * `iep webhooks listen`: an endpoint that lives as long as this program, which itself forwards what happens to
 * an address that it can reach. It ends with Ctrl-C; if it is killed, upkeep deletes the endpoint.
 */
export function addListenCommand(webhooks: Command, run: CliRun): void {
  const { terminal, context } = run;
  withExamples(
    webhooks.command("listen"),
    "iep webhooks listen --forward-to http://127.0.0.1:4000/webhooks",
    "iep webhooks listen --forward-to 127.0.0.1:4000/webhooks --customer <id> --events job.finished",
  )
    .description("Forward events to an address on this machine as they happen, signed, until Ctrl-C")
    .option("--forward-to <url>", "where to send them (required)")
    .option("--events <events>", "which events, with commas between (default: all)")
    .option("--customer <id>", "whose events (default: those of all customers)")
    .action(
      platformAction(
        run,
        z.object({
          forwardTo: LocalUrl,
          events: EventList.default([...WEBHOOK_EVENTS]),
          customer: Id.optional(),
        }),
        async (platform, { forwardTo, events, customer }) => {
          const secret = createWebhookSecret(WEBHOOK_SECRET_BYTES);
          const signal = context.interruption?.();
          const { id } = await platform.webhookEndpoints.create({
            id: newId(),
            customer_id: customer ?? null,
            url: forwardTo,
            events,
            description: "iep webhooks listen",
            secret,
            isListener: true,
          });
          await terminal.say(`Secret ${secret}\nForwarding to ${forwardTo}; Ctrl-C ends it.`);
          try {
            await terminal.printRows(forward(platform, { id, signal }), ({ type, webhook_id, answer }) =>
              [type.padEnd(17), webhook_id, answer.status ?? answer.error ?? "-"].join("  "),
            );
          } finally {
            await platform.webhookEndpoints.delete(id);
          }
        },
      ),
    );
}

interface Forwarded {
  readonly type: string;
  readonly webhook_id: string;
  readonly answer: DeliveryAnswer;
}

async function* forward(
  { webhookDeliveries, webhookEndpoints }: Platform,
  { id, signal }: { readonly id: string; readonly signal: AbortSignal | undefined },
): AsyncGenerator<Forwarded> {
  let seen_at = performance.now();
  const isStopped = (): boolean => signal?.aborted ?? false;
  while (!isStopped()) {
    const room = { max: TOGETHER, room: TOGETHER, rooms: new Map(), after: undefined, only: id };
    const { claimed } = await withRetry(() => webhookDeliveries.claim(room), { for_ms: AWAY_MAX_MS });
    const outcomes = await Promise.all(claimed.map((delivery) => send(delivery, signal)));
    await withRetry(() => webhookDeliveries.settle(outcomes.map(({ outcome }) => outcome)), {
      for_ms: AWAY_MAX_MS,
    });
    yield* outcomes.flatMap(({ forwarded }) => forwarded ?? []);
    if (performance.now() - seen_at > WEBHOOK_LISTENER_MS / 4) {
      await withRetry(() => webhookEndpoints.keepListening(id), { for_ms: AWAY_MAX_MS });
      seen_at = performance.now();
    }
    if (claimed.length < TOGETHER) await pause(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** One try: whoever develops a receiver looks at the answer, and sends again what is to be sent again. */
async function send(
  delivery: ClaimedDelivery,
  signal: AbortSignal | undefined,
): Promise<{ outcome: DeliveryOutcome; forwarded?: Forwarded }> {
  const body = webhookBody(delivery, delivery.subject);
  if (body === undefined) return { outcome: { delivery, kind: "failed" } };
  const headers = signWebhook(delivery.id, body, delivery.secrets, new Date());
  const answer = await post(delivery.url, headers, body, signal);
  const isDelivered = answer.status !== null && answer.status >= 200 && answer.status < 300;
  return {
    outcome: { delivery, kind: isDelivered ? "delivered" : "failed", answer },
    forwarded: { type: delivery.type, webhook_id: headers["webhook-id"] ?? "", answer },
  };
}

async function post(
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string,
  stop: AbortSignal | undefined,
): Promise<DeliveryAnswer> {
  const started_at = performance.now();
  const answer = { at: new Date().toISOString(), headers: {} };
  const signal = AbortSignal.any([AbortSignal.timeout(WEBHOOK_TIMEOUT_MS), ...(stop ? [stop] : [])]);
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { ...headers, "content-type": "application/json" },
      body,
      redirect: "manual",
      signal,
    });
    const text = (await response.text()).replaceAll("\0", "").slice(0, WEBHOOK_ANSWER_KEPT_BYTES);
    const took_ms = Math.round(performance.now() - started_at);
    return { ...answer, took_ms, status: response.status, error: null, body: text };
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const took_ms = Math.round(performance.now() - started_at);
    const message = cause instanceof Error ? cause.message.slice(0, 300) : "the request failed";
    return { ...answer, took_ms, status: null, error: message, body: "" };
  }
}
