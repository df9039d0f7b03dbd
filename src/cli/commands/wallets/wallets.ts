import type { Command } from "commander";
import { z } from "zod";
import { platformAction, withExamples, type CliRun } from "../../terminal/command.ts";
import { findWallet } from "./find-wallet.ts";
import { entryColumns, formatWallet } from "./format-wallet.ts";
import { Id, ListLimit } from "../../terminal/options.ts";
import { addPostingCommands } from "./postings.ts";
import { addStatementCommands } from "./statement.ts";
import { addWalletLimitCommands } from "./wallet-limits.ts";

export function addWalletCommands(program: Command, run: CliRun): void {
  const wallets = program.command("wallets").description("Prepaid money of customers");
  withExamples(
    wallets,
    "iep wallets show <customer-id>",
    "iep wallets top-up <customer-id> --amount-cents 5000 --reference 'invoice 42'",
    "iep wallets limits <customer-id> --credit-limit-cents 10000",
    "iep wallets statement <customer-id> --from 2026-11-01T00:00:00Z --to 2026-12-01T00:00:00Z",
  );
  addReading(wallets, run);
  addStatementCommands(wallets, run);
  addPostingCommands(wallets, run);
  addWalletLimitCommands(wallets, run);
}

function addReading(wallets: Command, run: CliRun): void {
  const { terminal } = run;
  withExamples(wallets.command("show"), "iep wallets show <customer-id>")
    .description("Balance, what is held for open jobs, what is available, and the limits")
    .argument("<customer-id>")
    .action(
      platformAction(run, z.object({ customerId: Id }), async (platform, { customerId }) => {
        const wallet = await findWallet(platform, customerId);
        await terminal.print(wallet, () => formatWallet(wallet));
      }),
    );

  withExamples(wallets.command("entries"), "iep wallets entries <customer-id> --limit 10")
    .description("The newest movements of the balance")
    .argument("<customer-id>")
    .option("--limit <n>", "at most this many, up to 200 (default: 50)")
    .action(
      platformAction(
        run,
        z.object({ customerId: Id, limit: ListLimit }),
        async (platform, { customerId, limit }) => {
          const { currency } = await findWallet(platform, customerId);
          const entries = await platform.wallets.listEntries(customerId, { limit });
          const empty = "No money has moved yet.";
          await terminal.printList(entries, entryColumns(currency), { limit, empty });
        },
      ),
    );
}
