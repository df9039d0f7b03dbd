import type { Command } from "commander";
import { z } from "zod";
import { findWallet } from "../../../core/use-cases/find-wallet.ts";
import { platformAction, withExamples, type CliRun } from "../../terminal/command.ts";
import { Id, LIMIT_OPTION, ListLimit } from "../../terminal/options.ts";
import { entryColumns } from "./format-entry.ts";
import { addPostCommands } from "./post.ts";
import { addStatementCommand } from "./statement.ts";

/** The commands that read and post entries of a wallet. Refunds are posted to jobs: `iep jobs refund`. */
export function addEntryCommands(wallets: Command, run: CliRun): void {
  addList(wallets, run);
  addStatementCommand(wallets, run);
  addPostCommands(wallets, run);
}

function addList(wallets: Command, run: CliRun): void {
  const { terminal } = run;
  withExamples(wallets.command("entries"), "iep wallets entries <customer-id> --limit 10")
    .description("List the newest entries of a wallet")
    .argument("<customer-id>", "id of the customer")
    .option(...LIMIT_OPTION)
    .action(
      platformAction(
        run,
        z.object({ customerId: Id, limit: ListLimit }),
        async (platform, { customerId, limit }) => {
          const { currency } = await findWallet(platform.wallets, customerId);
          const entries = await platform.wallets.listEntries(customerId, { limit });
          const empty = "No entries yet.";
          await terminal.printList(entries, entryColumns(currency), { limit, empty });
        },
      ),
    );
}
