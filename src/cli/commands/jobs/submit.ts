import type { Command } from "commander";
import { z } from "zod";
import { PlatformError } from "../../../core/lib/errors.ts";
import { JOB_WEBHOOK_EVENTS, type JobWebhook } from "../../../core/model/job-webhook.ts";
import { readWebhookUrl } from "../../../core/model/webhook-url.ts";
import type { Platform } from "../../../core/use-cases/platform.ts";
import { eventList } from "../webhooks/event-list.ts";
import { toIdempotencyKey, type KeyedItem } from "../../../core/model/idempotency.ts";
import { submitOne, type SubmitJob } from "../../../core/use-cases/submit-jobs.ts";
import { CLI_ACTOR, platformAction, withExamples, type CliRun } from "../../terminal/command.ts";
import { UsageError } from "../../terminal/errors.ts";
import { inMoney } from "../../terminal/in-money.ts";
import { checkWaiting, printSubmitted } from "./print-submitted.ts";
import { jobRequest, toSubmitJob, withJobOptions } from "./job-request.ts";
import { Flag, IdempotencyKeyOption, MaxAttempts, WaitSeconds } from "../../terminal/options.ts";

export function addSubmitCommand(jobs: Command, run: CliRun): void {
  withExamples(
    withJobOptions(jobs.command("submit")),
    "iep jobs submit --customer <id> --type Echo --input '{\"hello\":1}' --wait",
    "iep jobs submit --customer <id> --type Echo --input @input.json --priority high",
    "iep jobs submit --customer <id> --type Echo --idempotency-key 'import 2026-11-24'",
    "iep jobs submit --customer <id> --type Echo --webhook https://shop.example/orders/8812",
    "generate | iep jobs submit --customer <id> --type Echo --input - --run-at 2026-11-24T06:00:00Z",
  )
    .description("Submit a job. Its price is held until it ends")
    .option("--max-attempts <n>", "how often it is started before it fails (default: that of the job type)")
    .option(
      "--idempotency-key <key>",
      "your own name for this submission: run again with it, it returns the first job",
    )
    .option("--webhook <url>", "who is told of the end of this job alone")
    .option(
      "--webhook-events <events>",
      `what, with commas between: ${JOB_WEBHOOK_EVENTS.join(", ")} (default: job.finished)`,
    )
    .option("--wait", "wait until it ends; exit code 4 if it does not succeed")
    .option(
      "--timeout <seconds>",
      "with --wait: stop waiting after this time, with exit code 4; the job goes on",
    )
    .action(
      platformAction(
        run,
        jobRequest(run).extend({
          maxAttempts: MaxAttempts.optional(),
          idempotencyKey: IdempotencyKeyOption.optional(),
          webhook: z.string().optional(),
          webhookEvents: eventList(JOB_WEBHOOK_EVENTS).optional(),
          wait: Flag,
          timeout: WaitSeconds.optional(),
        }),
        async (platform, { maxAttempts: max_attempts, idempotencyKey, wait, timeout, ...values }) => {
          checkWaiting({ wait, timeout });
          const webhook = toWebhook(platform, values);
          const request = { ...(await toSubmitJob(platform, values)), max_attempts, webhook };
          const key = idempotencyKey === undefined ? undefined : toKey(idempotencyKey, request);
          const { job, replayed = false } = await inMoney(platform, values.customer, () =>
            submitOne(platform, { ...request, key }),
          );
          if (replayed)
            await run.terminal.say("This key was used before: no job was created, this is the first one.");
          return await printSubmitted(run, platform, job, { wait, timeout });
        },
      ),
    );
}

function toWebhook(
  { webhookRules }: Platform,
  {
    webhook,
    webhookEvents,
  }: { readonly webhook?: string | undefined; readonly webhookEvents?: JobWebhook["events"] | undefined },
): JobWebhook | undefined {
  if (webhook === undefined) {
    if (webhookEvents) throw new UsageError("--webhook-events needs --webhook", []);
    return undefined;
  }
  const read = readWebhookUrl(webhook, webhookRules);
  if ("fault" in read) throw new PlatformError("validation_failed", `--webhook ${read.fault}`);
  return { url: read.url, events: webhookEvents ?? ["job.finished"] };
}

/** The key is this program's own: the same key sent to the API is another one. */
function toKey(key: string, request: SubmitJob): KeyedItem {
  try {
    return { ...toIdempotencyKey(CLI_ACTOR, key, request), item: 0 };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new UsageError("the input is nested too deeply for --idempotency-key", []);
  }
}
