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
    "nothing to change: set --credit-limit-cents, --low-balance-cents or --monthly-spend-limit-cents",
  );

/** The commands that set the limits of a wallet and freeze it. */
export function addWalletLimitCommands(wallets: Command, run: CliRun): void {
  withExamples(
    wallets.command("limits"),
    "iep wallets limits <customer-id> --credit-limit-cents 10000 --low-balance-cents 500",
    "iep wallets limits <customer-id> --monthly-spend-limit-cents none",
  )
    .description("Set the limits that are named. Balance plus credit limit must cover the held money")
    .argument("<customer-id>", "id of the customer")
    .option("--credit-limit-cents <n>", "how far below zero jobs may take the balance")
    .option("--low-balance-cents <n|none>", "write a low_balance event when the balance falls below this")
    .option(
      "--monthly-spend-limit-cents <n|none>",
      "most that charges of the calendar month (UTC) and open holds may be together",
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
    .description(
      "Freeze a wallet: it pays for no new jobs. Open jobs go on and are charged, and entries can be posted",
    )
    .argument("<customer-id>", "id of the customer")
    .action(setFrozen(true));
  withExamples(wallets.command("unfreeze"), "iep wallets unfreeze <customer-id>")
    .description("End a freeze. Balance plus credit limit must cover the held money")
    .argument("<customer-id>", "id of the customer")
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
