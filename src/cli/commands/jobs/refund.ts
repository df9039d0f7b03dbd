import type { Command } from "commander";
import { z } from "zod";
import type { Platform } from "../../../core/use-cases/platform.ts";
import { printPosted } from "../entries/format-entry.ts";
import { CLI_ACTOR, platformAction, withExamples, type CliRun } from "../../terminal/command.ts";
import { AmountCents, Id, Reason, Reference } from "../../terminal/options.ts";

const REFUND = z.object({
  id: Id,
  amountCents: AmountCents.optional(),
  reference: Reference,
  reason: Reason.optional(),
});

export function addRefundCommand(jobs: Command, run: CliRun): void {
  withExamples(
    jobs.command("refund"),
    "iep jobs refund <id> --reference 'ticket 18' --reason 'Wrong output'",
    "iep jobs refund <id> --reference 'ticket 18' --amount-cents 5",
  )
    .description(
      "Refund what a job was charged, in part or in full. The same reference never moves money twice",
    )
    .argument("<id>", "id of the job")
    .option("--reference <text>", "your own name for this refund (required)")
    .option(
      "--amount-cents <n>",
      "how much, in minor units of the wallet's currency (default: what is left of the charge)",
    )
    .option("--reason <text>", "reason, stored with the entry")
    .action(
      platformAction(run, REFUND, async (platform, values) => {
        const { id: job_id, amountCents: amount_cents, reference, reason = null } = values;
        const currency = await currencyOf(platform, job_id);
        const refund = { job_id, amount_cents, reference, reason };
        await printPosted(run, await platform.wallets.refund(refund, CLI_ACTOR), currency);
      }),
    );
}

/** Undefined for a job that was deleted: its charge stays in the ledger and can still be refunded. */
async function currencyOf({ jobs, wallets }: Platform, job_id: string): Promise<string | undefined> {
  const job = await jobs.findById(job_id);
  return job && (await wallets.findByCustomerId(job.customer_id))?.currency;
}
