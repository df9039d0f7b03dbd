import type { Command } from "commander";
import { z } from "zod";
import { PlatformError } from "../../../core/lib/errors.ts";
import { newId } from "../../../core/lib/new-id.ts";
import { createWebhookSecret } from "../../../core/lib/sign-webhook.ts";
import {
  WEBHOOK_DESCRIPTION_MAX,
  WEBHOOK_OVERLAP_HOURS,
  WEBHOOK_OVERLAP_HOURS_MAX,
  WEBHOOK_SECRET_BYTES,
} from "../../../core/model/limits.ts";
import { refuseOneOff } from "../../../core/model/job-webhook.ts";
import { webhookEndpointNotFound } from "../../../core/model/not-found.ts";
import {
  WEBHOOK_EVENTS,
  WEBHOOK_PAYLOADS,
  type WebhookEndpoint,
  type WebhookEvent,
} from "../../../core/model/webhook.ts";
import { findWebhookUrlFault } from "../../../core/model/webhook-url.ts";
import type { Platform } from "../../../core/use-cases/platform.ts";
import { platformAction, withExamples, type CliRun } from "../../terminal/command.ts";
import { formatDetails, formatTime, type Column } from "../../terminal/format.ts";
import { Flag, Id, LIMIT_OPTION, ListLimit } from "../../terminal/options.ts";
import { addDeliveryCommands } from "./deliveries.ts";
import { EventList } from "./event-list.ts";
import { addListenCommand } from "./listen.ts";

const Overlap = z
  .string()
  .regex(/^\d{1,3}$/, `must be a whole number from 0 to ${WEBHOOK_OVERLAP_HOURS_MAX}`)
  .transform(Number)
  .refine(
    (hours) => hours <= WEBHOOK_OVERLAP_HOURS_MAX,
    `must be a whole number from 0 to ${WEBHOOK_OVERLAP_HOURS_MAX}`,
  )
  .default(WEBHOOK_OVERLAP_HOURS);

const Payload = z.enum(WEBHOOK_PAYLOADS, "must be full or thin");

const COLUMNS: readonly Column<WebhookEndpoint>[] = [
  { title: "ID", cell: (row) => row.id },
  { title: "STATE", cell: stateOf },
  { title: "EVENTS", cell: (row) => row.events.join(","), max: 40 },
  { title: "URL", cell: (row) => row.url, max: 60 },
  { title: "CUSTOMER", cell: (row) => row.customer_id ?? "all" },
  { title: "WAITING", cell: (row) => row.waiting_events, right: true },
  { title: "DELIVERED", cell: (row) => formatTime(row.delivered_at) },
];

/** Registers `iep webhooks` and its commands. */
export function addWebhookCommands(program: Command, run: CliRun): void {
  const webhooks = program.command("webhooks");
  withExamples(
    webhooks,
    "iep webhooks create --url https://shop.example/webhooks --events job.finished,wallet.low",
    "iep webhooks test <id>",
    "iep webhooks deliveries <id> --status failed",
    "iep webhooks listen --forward-to http://127.0.0.1:4000/webhooks",
  );
  addReading(webhooks, run);
  addCreating(webhooks, run);
  addJobSecret(webhooks, run);
  addChanging(webhooks, run);
  addDeliveryCommands(webhooks, run);
  addListenCommand(webhooks, run);
}

function addReading(webhooks: Command, run: CliRun): void {
  withExamples(webhooks.command("list"), "iep webhooks list --customer <id>")
    .description("List the newest webhook endpoints")
    .option("--customer <id>", "only those of this customer")
    .option("--one-off", "the origins of webhooks that single jobs brought with them")
    .option(...LIMIT_OPTION)
    .action(
      platformAction(
        run,
        z.object({ customer: Id.optional(), oneOff: Flag, limit: ListLimit }),
        async ({ webhookEndpoints }, { customer, oneOff, limit }) => {
          const rows = await webhookEndpoints.list(customer, { limit }, oneOff ? "one_off" : "lasting");
          await run.terminal.printList(rows, COLUMNS, { limit, empty: "No webhook endpoints found." });
        },
      ),
    );
  withExamples(webhooks.command("show"), "iep webhooks show <id>")
    .description("Show how a webhook endpoint fares")
    .argument("<id>", "id of the endpoint")
    .action(
      platformAction(run, z.object({ id: Id }), async (platform, { id }) => {
        await print(run, await findEndpoint(platform, id));
      }),
    );
}

function addCreating(webhooks: Command, run: CliRun): void {
  const { terminal } = run;
  withExamples(
    webhooks.command("create"),
    "iep webhooks create --customer <id> --url https://shop.example/webhooks --events job.finished",
  )
    .description("Create a webhook endpoint and print its secret. It cannot be printed again")
    .option("--url <url>", "where events are sent to (required)")
    .option(
      "--events <events>",
      `what it is told, with commas between: ${WEBHOOK_EVENTS.join(", ")} (required)`,
    )
    .option("--customer <id>", "whose events it gets; left out: those of all customers")
    .option("--description <text>", "words of your own for it")
    .option(
      "--payload <full|thin>",
      "thin: no more than which job it is, its status and path (default: full)",
    )
    .action(
      platformAction(
        run,
        z.object({
          url: z.string(),
          events: EventList,
          customer: Id.optional(),
          description: z.string().trim().min(1).max(WEBHOOK_DESCRIPTION_MAX).optional(),
          payload: Payload.default("full"),
        }),
        async ({ webhookEndpoints, webhookRules }, { url, events, customer, description, payload }) => {
          const fault = findWebhookUrlFault(url, webhookRules);
          if (fault !== undefined) throw new PlatformError("validation_failed", `--url ${fault}`);
          const secret = createWebhookSecret(WEBHOOK_SECRET_BYTES);
          const endpoint = await webhookEndpoints.create({
            id: newId(),
            customer_id: customer ?? null,
            url,
            events: events satisfies readonly WebhookEvent[],
            description: description ?? null,
            payload,
            secret,
          });
          await terminal.print({ ...endpoint, secret }, () => secret);
          await terminal.say(
            `Store the secret now: it is not shown again. The endpoint's id is ${endpoint.id}.`,
          );
        },
      ),
    );
  withExamples(webhooks.command("rotate-secret"), "iep webhooks rotate-secret <id> --overlap 48")
    .description("Replace the secret of an endpoint and print the new one. For a while both sign")
    .argument("<id>", "id of the endpoint")
    .option("--overlap <hours>", "how long the old one signs as well (default: 24)")
    .action(
      platformAction(run, z.object({ id: Id, overlap: Overlap }), async (platform, { id, overlap }) => {
        const { webhookEndpoints } = platform;
        refuseOneOff(await findEndpoint(platform, id), "it has no secret of its own");
        const secret = createWebhookSecret(WEBHOOK_SECRET_BYTES);
        if (!(await webhookEndpoints.rotateSecret(id, secret, overlap))) throw webhookEndpointNotFound(id);
        await terminal.print({ id, secret }, () => secret);
      }),
    );
}

function addJobSecret(webhooks: Command, run: CliRun): void {
  const { terminal } = run;
  withExamples(webhooks.command("rotate-job-secret"), "iep webhooks rotate-job-secret --customer <id>")
    .description(
      "Print a new secret of the webhooks that jobs of a customer bring with them. For a while the old one signs, too",
    )
    .option("--customer <id>", "whose jobs (required)")
    .option("--overlap <hours>", "how long the old one signs as well (default: 24)")
    .action(
      platformAction(
        run,
        z.object({ customer: Id, overlap: Overlap }),
        async ({ jobWebhooks }, { customer, overlap }) => {
          const secret = createWebhookSecret(WEBHOOK_SECRET_BYTES);
          await jobWebhooks.rotateSecret(customer, secret, overlap);
          await terminal.print({ customer_id: customer, secret }, () => secret);
        },
      ),
    );
}

function addChanging(webhooks: Command, run: CliRun): void {
  for (const [word, enabled, description] of [
    ["enable", true, "Enable an endpoint, forget its failures, and send at once what waits for it"],
    ["disable", false, "Disable an endpoint: it gets no new events, and what waits for it waits on"],
  ] as const)
    withExamples(webhooks.command(word), `iep webhooks ${word} <id>`)
      .description(description)
      .argument("<id>", "id of the endpoint")
      .action(
        platformAction(run, z.object({ id: Id }), async (platform, { id }) => {
          const { webhookEndpoints } = platform;
          if (!enabled) refuseOneOff(await findEndpoint(platform, id), "it cannot be disabled");
          const endpoint = await webhookEndpoints.update(id, { enabled });
          if (!endpoint) throw webhookEndpointNotFound(id);
          await print(run, endpoint);
        }),
      );
  withExamples(webhooks.command("set-payload"), "iep webhooks set-payload <id> thin")
    .description("Say how much an endpoint is told: full, or thin, which is no more than which job it is")
    .argument("<id>", "id of the endpoint")
    .argument("<payload>", "full or thin")
    .action(
      platformAction(
        run,
        z.object({ id: Id, payload: Payload }),
        async ({ webhookEndpoints }, { id, payload }) => {
          const endpoint = await webhookEndpoints.update(id, { payload });
          if (!endpoint) throw webhookEndpointNotFound(id);
          await print(run, endpoint);
        },
      ),
    );
  withExamples(webhooks.command("delete"), "iep webhooks delete <id>")
    .description("Delete an endpoint, with its secret, its log and what waits for it")
    .argument("<id>", "id of the endpoint")
    .action(
      platformAction(run, z.object({ id: Id }), async ({ webhookEndpoints }, { id }) => {
        if (!(await webhookEndpoints.delete(id))) throw webhookEndpointNotFound(id);
        await run.terminal.print({ id, deleted: true }, () => `deleted ${id}`);
      }),
    );
}

export async function findEndpoint({ webhookEndpoints }: Platform, id: string): Promise<WebhookEndpoint> {
  const endpoint = await webhookEndpoints.findById(id);
  if (!endpoint) throw webhookEndpointNotFound(id);
  return endpoint;
}

function stateOf(endpoint: WebhookEndpoint): string {
  if (endpoint.disabled_reason !== null) return `disabled (${endpoint.disabled_reason})`;
  return endpoint.failures > 0 ? `failing (${endpoint.failures})` : "ok";
}

async function print({ terminal }: CliRun, endpoint: WebhookEndpoint): Promise<void> {
  await terminal.print(endpoint, () =>
    formatDetails([
      ["id", endpoint.id],
      ["state", stateOf(endpoint)],
      ["kind", endpoint.kind],
      ["url", endpoint.url],
      ["events", endpoint.events.join(", ")],
      ["payload", endpoint.payload],
      ["customer", endpoint.customer_id ?? "all"],
      ["description", endpoint.description],
      ["failing since", endpoint.failing_since && formatTime(endpoint.failing_since)],
      ["paused until", endpoint.paused_until && formatTime(endpoint.paused_until)],
      ["waiting events", endpoint.waiting_events],
      ["delivered", endpoint.delivered_at && formatTime(endpoint.delivered_at)],
      ["created", formatTime(endpoint.created_at)],
    ]),
  );
}
