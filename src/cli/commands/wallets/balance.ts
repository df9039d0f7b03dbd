import type { Command } from "commander";
import { z } from "zod";
import { findWallet } from "../../../core/use-cases/find-wallet.ts";
import type { Platform } from "../../../core/use-cases/platform.ts";
import { balanceAt } from "../../../core/use-cases/statement.ts";
import { platformAction, withExamples, type CliRun } from "../../terminal/command.ts";
import { formatDetails, formatMoney } from "../../terminal/format.ts";
import { Id, Time } from "../../terminal/options.ts";

export function addBalanceCommand(wallets: Command, run: CliRun): void {
  withExamples(
    wallets.command("balance"),
    "iep wallets balance <customer-id>",
    "iep wallets balance <customer-id> --at 2026-11-30T23:59:59Z",
  )
    .description("Show the balance, now or at a past time")
    .argument("<customer-id>", "id of the customer")
    .option("--at <time>", "a past time, such as 2026-11-23T21:06:00Z (default: now)")
    .action(
      platformAction(run, z.object({ customerId: Id, at: Time.optional() }), async (platform, values) => {
        await printBalance(run, platform, values);
      }),
    );
}

/** Prints the document of GET /customers/{id}/wallet/balance. */
async function printBalance(
  { terminal }: CliRun,
  platform: Platform,
  { customerId, at }: { customerId: string; at?: string | undefined },
): Promise<void> {
  const { customer_id, currency } = await findWallet(platform.wallets, customerId);
  const when = at === undefined ? undefined : { at };
  const { balance_cents, seq } = await balanceAt(platform.wallets, customer_id, when);
  await terminal.print({ customer_id, currency, balance_cents, seq }, () =>
    formatDetails([
      ["customer", customer_id],
      ["balance", formatMoney(balance_cents, currency)],
      ["at", at],
      ["last entry", seq === 0 ? "none" : seq],
    ]),
  );
}
