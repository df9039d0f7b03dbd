import type { Command } from "commander";
import { z } from "zod";
import { findWallet } from "../../../core/use-cases/find-wallet.ts";
import { platformAction, withExamples, type CliRun } from "../../terminal/command.ts";
import { Id } from "../../terminal/options.ts";
import { addEntryCommands } from "../entries/entries.ts";
import { addBalanceCommand } from "./balance.ts";
import { formatWallet } from "./format-wallet.ts";
import { addWalletLimitCommands } from "./wallet-limits.ts";

export function addWalletCommands(program: Command, run: CliRun): void {
  const wallets = program.command("wallets");
  withExamples(
    wallets,
    "iep wallets show <customer-id>",
    "iep wallets top-up <customer-id> --amount-cents 5000 --reference 'invoice 42'",
    "iep wallets limits <customer-id> --credit-limit-cents 10000",
    "iep wallets statement <customer-id> --from 2026-11-01T00:00:00Z --to 2026-12-01T00:00:00Z",
  );
  addShow(wallets, run);
  addBalanceCommand(wallets, run);
  addEntryCommands(wallets, run);
  addWalletLimitCommands(wallets, run);
}

function addShow(wallets: Command, run: CliRun): void {
  const { terminal } = run;
  withExamples(wallets.command("show"), "iep wallets show <customer-id>")
    .description("Show the balance, held and available money, and the limits")
    .argument("<customer-id>", "id of the customer")
    .action(
      platformAction(run, z.object({ customerId: Id }), async (platform, { customerId }) => {
        const wallet = await findWallet(platform.wallets, customerId);
        await terminal.print(wallet, () => formatWallet(wallet));
      }),
    );
}
