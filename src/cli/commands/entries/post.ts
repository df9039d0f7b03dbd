import type { Command } from "commander";
import { z } from "zod";
import { findWallet } from "../../../core/use-cases/find-wallet.ts";
import type { Platform } from "../../../core/use-cases/platform.ts";
import type { Posting } from "../../../core/model/wallet.ts";
import { CLI_ACTOR, platformAction, withExamples, type CliRun } from "../../terminal/command.ts";
import { printPosted } from "./format-entry.ts";
import { inMoney } from "../../terminal/in-money.ts";
import { formatTime } from "../../terminal/format.ts";
import { AmountCents, Flag, Id, Reason, Reference, SignedAmountCents } from "../../terminal/options.ts";

const ONCE = "The same reference never moves money twice";

/** The commands that post entries by hand. */
export function addPostCommands(wallets: Command, run: CliRun): void {
  addPaidIn(wallets, run);
  addCorrections(wallets, run);
}

const PAID_IN = z.object({ customerId: Id, amountCents: AmountCents, reference: Reference });

function addPaidIn(wallets: Command, run: CliRun): void {
  withExamples(
    wallets.command("top-up"),
    "iep wallets top-up <customer-id> --amount-cents 5000 --reference 'invoice 42'",
  )
    .description(`Add money that was paid. ${ONCE}`)
    .argument("<customer-id>", "id of the customer")
    .option("--amount-cents <n>", "how much, in minor units of the wallet's currency (required)")
    .option("--reference <text>", "your own name for this payment (required)")
    .action(
      platformAction(run, PAID_IN, async (platform, values) => {
        await post(run, platform, { ...toPosting(values), kind: "top_up" });
      }),
    );

  withExamples(
    wallets.command("grant"),
    "iep wallets grant <customer-id> --amount-cents 1000 --reference welcome --reason 'Free credit'",
  )
    .description(`Add money that was not paid for. ${ONCE}`)
    .argument("<customer-id>", "id of the customer")
    .option("--amount-cents <n>", "how much, in minor units of the wallet's currency (required)")
    .option("--reference <text>", "your own name for this grant (required)")
    .option("--reason <text>", "reason, stored with the entry")
    .action(
      platformAction(run, PAID_IN.extend({ reason: Reason.optional() }), async (platform, values) => {
        await post(run, platform, { ...toPosting(values), kind: "grant" });
      }),
    );
}

function addCorrections(wallets: Command, run: CliRun): void {
  withExamples(
    wallets.command("adjust"),
    "iep wallets adjust <customer-id> --amount-cents -250 --reference 'ticket 17' --reason 'Counted twice'",
  )
    .description(`Correct a balance, up or down. Cannot take money that is held for open jobs. ${ONCE}`)
    .argument("<customer-id>", "id of the customer")
    .option(
      "--amount-cents <n>",
      "how much, in minor units of the wallet's currency; negative takes money away (required)",
    )
    .option("--reference <text>", "your own name for this adjustment (required)")
    .option("--reason <text>", "reason, stored with the entry (required)")
    .action(
      platformAction(
        run,
        PAID_IN.extend({ amountCents: SignedAmountCents, reason: Reason }),
        async (platform, values) => {
          await post(run, platform, { ...toPosting(values), kind: "adjustment" });
        },
      ),
    );

  withExamples(
    wallets.command("chargeback"),
    "iep wallets chargeback <customer-id> --amount-cents 5000 --reference 'dispute 9'",
    "iep wallets chargeback <customer-id> --amount-cents 5000 --reference 'dispute 9' --freeze",
  )
    .description(
      `Record that a payer took money back. Freezes the wallet if what is left does not cover its held money. ${ONCE}`,
    )
    .argument("<customer-id>", "id of the customer")
    .option(
      "--amount-cents <n>",
      "how much was taken back, in minor units of the wallet's currency, above zero (required)",
    )
    .option("--reference <text>", "your own name for this chargeback (required)")
    .option("--reason <text>", "reason, stored with the entry")
    .option("--freeze", "freeze the wallet even if enough is left")
    .action(
      platformAction(
        run,
        PAID_IN.extend({ reason: Reason.optional(), freeze: Flag }),
        async (platform, { freeze, ...values }) => {
          const posting = toPosting({ ...values, amountCents: -values.amountCents });
          await post(run, platform, { ...posting, kind: "chargeback", freeze });
          await sayFrozen(run, platform, posting.customer_id);
        },
      ),
    );
}

function toPosting(values: {
  customerId: string;
  amountCents: number;
  reference: string;
  reason?: string | undefined;
}): Omit<Posting, "kind"> {
  const { customerId: customer_id, amountCents: amount_cents, reference, reason } = values;
  return { customer_id, amount_cents, reference, reason };
}

/** Reads the wallet before it posts: after the money moved, no failure may hide that it did. */
async function post(run: CliRun, platform: Platform, posting: Posting): Promise<void> {
  const { currency } = await findWallet(platform.wallets, posting.customer_id);
  const posted = await inMoney(platform, posting.customer_id, () =>
    platform.wallets.post(posting, CLI_ACTOR),
  );
  await printPosted(run, posted, currency);
}

async function sayFrozen({ terminal }: CliRun, platform: Platform, customer_id: string): Promise<void> {
  const { frozen_at } = await findWallet(platform.wallets, customer_id);
  if (frozen_at === null) return;
  await terminal.say(
    `The wallet is frozen since ${formatTime(frozen_at)} and pays for no new jobs. End the freeze: iep wallets unfreeze ${customer_id}`,
  );
}
