import type { Command } from "commander";
import { z } from "zod";
import type { Platform } from "../../../core/use-cases/platform.ts";
import type { WalletChanges } from "../../../core/model/wallet.ts";
import { platformAction, withExamples, type CliRun } from "../../terminal/command.ts";
import { formatWallet } from "./format-wallet.ts";
import { CreditLimitCents, Id, LowBalanceCents, MonthlySpendLimitCents } from "../../terminal/options.ts";

const CHANGES = z
  .object({
    customerId: Id,
    creditLimitCents: CreditLimitCents.optional(),
    lowBalanceCents: LowBalanceCents.optional(),
    monthlySpendLimitCents: MonthlySpendLimitCents.optional(),
  })
  .refine(
    ({ customerId: _customerId, ...limits }) => Object.values(limits).some((limit) => limit !== undefined),
    "name something to change: --credit-limit-cents, --low-balance-cents or --monthly-spend-limit-cents",
  );

/** What a wallet may do, beside what is in it. */
export function addWalletLimitCommands(wallets: Command, run: CliRun): void {
  withExamples(
    wallets.command("limits"),
    "iep wallets limits <customer-id> --credit-limit-cents 10000 --low-balance-cents 500",
    "iep wallets limits <customer-id> --monthly-spend-limit-cents none",
  )
    .description("Set limits: only those that are named change. What is held and owed must stay covered")
    .argument("<customer-id>")
    .option("--credit-limit-cents <n>", "how far below zero the balance may be spent")
    .option("--low-balance-cents <n|none>", "a balance that falls below it writes one low_balance event")
    .option(
      "--monthly-spend-limit-cents <n|none>",
      "charges of a calendar month (UTC) and open holds may not go beyond it together",
    )
    .action(
      platformAction(run, CHANGES, async (platform, { customerId, ...limits }) => {
        await update(run, platform, customerId, {
          credit_limit_cents: limits.creditLimitCents,
          low_balance_cents: limits.lowBalanceCents,
          monthly_spend_limit_cents: limits.monthlySpendLimitCents,
        });
      }),
    );

  const setFrozen = (frozen: boolean) =>
    platformAction(run, z.object({ customerId: Id }), async (platform, { customerId }) => {
      await update(run, platform, customerId, { frozen });
    });
  withExamples(wallets.command("freeze"), "iep wallets freeze <customer-id>")
    .description("Take no new jobs. Open ones go on and are charged, and money still moves by hand")
    .argument("<customer-id>")
    .action(setFrozen(true));
  withExamples(wallets.command("unfreeze"), "iep wallets unfreeze <customer-id>")
    .description("Take new jobs again, once what is held and owed is covered")
    .argument("<customer-id>")
    .action(setFrozen(false));
}

async function update(
  { terminal }: CliRun,
  { wallets }: Platform,
  customer_id: string,
  changes: WalletChanges,
): Promise<void> {
  const wallet = await wallets.update(customer_id, changes);
  await terminal.print(wallet, () => formatWallet(wallet));
}
