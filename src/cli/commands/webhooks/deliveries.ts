import type { Command } from "commander";
import { z } from "zod";
import { newId } from "../../../core/lib/new-id.ts";
import { refuseOneOff } from "../../../core/model/job-webhook.ts";
import { webhookDeliveryNotFound, webhookEndpointNotFound } from "../../../core/model/not-found.ts";
import { DELIVERY_STATUSES, WEBHOOK_EVENTS, type WebhookDelivery } from "../../../core/model/webhook.ts";
import { WEBHOOK_EXAMPLES } from "../../../core/model/webhook-examples.ts";
import { platformAction, withExamples, type CliRun } from "../../terminal/command.ts";
import { formatDetails, formatTime, type Column } from "../../terminal/format.ts";
import { Flag, Id, LIMIT_OPTION, ListLimit, Since } from "../../terminal/options.ts";

const COLUMNS: readonly Column<WebhookDelivery>[] = [
  { title: "ID", cell: (row) => row.id },
  { title: "EVENT", cell: (row) => row.type },
  { title: "STATUS", cell: (row) => row.status },
  { title: "TRIES", cell: (row) => row.tries, right: true },
  { title: "LAST ANSWER", cell: lastAnswer, max: 50 },
  { title: "NEXT TRY", cell: (row) => formatTime(row.due_at) },
  { title: "CREATED", cell: (row) => formatTime(row.created_at) },
];

/** Registers the commands for what is sent to an endpoint. */
export function addDeliveryCommands(webhooks: Command, run: CliRun): void {
  const { terminal } = run;
  withExamples(webhooks.command("deliveries"), "iep webhooks deliveries <endpoint-id> --status failed")
    .description("List the newest deliveries of an endpoint, with the last answer of each")
    .argument("<id>", "id of the endpoint")
    .option("--status <status>", `only those that are ${DELIVERY_STATUSES.join(", ")}`)
    .option(...LIMIT_OPTION)
    .action(
      platformAction(
        run,
        z.object({ id: Id, status: z.enum(DELIVERY_STATUSES).optional(), limit: ListLimit }),
        async ({ webhookEndpoints, webhookDeliveries }, { id, status, limit }) => {
          const endpoint = await webhookEndpoints.findById(id);
          if (!endpoint) throw webhookEndpointNotFound(id);
          const rows = await webhookDeliveries.list(id, status, { limit });
          await terminal.printList(rows, COLUMNS, { limit, empty: "No deliveries found." });
          const { waiting_events } = endpoint;
          if (waiting_events > 0)
            await terminal.say(
              `Behind them, ${waiting_events === 1 ? "1 event waits" : `${waiting_events} events wait`}.`,
            );
        },
      ),
    );
  withExamples(webhooks.command("test"), "iep webhooks test <endpoint-id> --type job.succeeded")
    .description("Send an example of an event to an endpoint. A runner sends it, once")
    .argument("<id>", "id of the endpoint")
    .option("--type <event>", "which event (default: the first that the endpoint is told)")
    .action(
      platformAction(
        run,
        z.object({ id: Id, type: z.enum(WEBHOOK_EVENTS).optional() }),
        async ({ webhookEndpoints, webhookDeliveries }, { id, type: wanted }) => {
          const endpoint = await webhookEndpoints.findById(id);
          if (endpoint) refuseOneOff(endpoint, "there is no address to test");
          const type = wanted ?? endpoint?.events[0];
          if (!endpoint || !type) throw webhookEndpointNotFound(id);
          const test = { id: newId(), endpoint_id: id, type, data: WEBHOOK_EXAMPLES[type] };
          await webhookDeliveries.addTest(test);
          await terminal.print({ id: test.id, type }, () => test.id);
          await terminal.say(`A runner sends it. See what came of it: iep webhooks deliveries ${id}`);
        },
      ),
    );
  withExamples(webhooks.command("resend"), "iep webhooks resend <delivery-id>")
    .description("Send a delivery once more, at once, under its own webhook-id")
    .argument("<id>", "id of the delivery")
    .action(
      platformAction(run, z.object({ id: Id }), async ({ webhookDeliveries }, { id }) => {
        const delivery = await webhookDeliveries.resend(id);
        if (!delivery) throw webhookDeliveryNotFound(id);
        await terminal.print(delivery, () => formatDelivery(delivery));
      }),
    );
  withExamples(webhooks.command("replay"), "iep webhooks replay <endpoint-id> --since 12h")
    .description("Send again what failed since a time, each delivery once more")
    .argument("<id>", "id of the endpoint")
    .option("--since <time>", "a time, or how long ago: 30m, 12h, 7d (required)")
    .option("--all", "also what was delivered")
    .action(
      platformAction(
        run,
        z.object({ id: Id, since: Since, all: Flag }),
        async ({ webhookEndpoints, webhookDeliveries }, { id, since, all }) => {
          if (!(await webhookEndpoints.findById(id))) throw webhookEndpointNotFound(id);
          let deliveries = 0;
          for (let next: string | null = since; next !== null;) {
            const replayed = await webhookDeliveries.replay(id, next, all);
            deliveries += replayed.deliveries;
            // More than one replay takes, all of one millisecond, would begin anew for ever.
            next = replayed.next_since === next ? null : replayed.next_since;
          }
          await terminal.print({ deliveries }, () => `${deliveries} deliveries are sent again`);
        },
      ),
    );
}

function formatDelivery(delivery: WebhookDelivery): string {
  return formatDetails([
    ["id", delivery.id],
    ["event", delivery.type],
    ["status", delivery.status],
    ["job", delivery.job_id],
    ["url", delivery.url],
    ["tries", delivery.tries],
    ["last answer", lastAnswer(delivery)],
    ["next try", delivery.due_at && formatTime(delivery.due_at)],
    ["created", formatTime(delivery.created_at)],
  ]);
}

function lastAnswer({ answers }: WebhookDelivery): string {
  const answer = answers.at(-1);
  if (!answer) return "-";
  return answer.status === null ? (answer.error ?? "none") : `${answer.status} in ${answer.took_ms} ms`;
}
