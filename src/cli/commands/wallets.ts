import type { Command } from "commander";
import { z } from "zod";
import { PlatformError } from "../../core/errors.ts";
import type { Platform } from "../../core/platform.ts";
import type { Wallet, WalletEntry } from "../../core/wallet.ts";
import { platformAction, withExamples, type CliRun } from "../command.ts";
import { formatDetails, formatMoney, formatTime, type Column } from "../format.ts";
import { AmountCents, Id, ListLimit, Reference } from "../options.ts";

const columns = (currency: string): readonly Column<WalletEntry>[] => [
  { title: "SEQ", cell: (row) => row.seq, right: true },
  { title: "TIME", cell: (row) => formatTime(row.created_at) },
  { title: "KIND", cell: (row) => row.kind },
  { title: "AMOUNT", cell: (row) => formatMoney(row.amount_cents, currency), right: true },
  { title: "BALANCE", cell: (row) => formatMoney(row.balance_after_cents, currency), right: true },
  { title: "FOR", cell: (row) => row.job_id ?? row.reference ?? row.reason ?? "-" },
];

export function addWalletCommands(program: Command, run: CliRun): void {
  const { terminal } = run;
  const wallets = program.command("wallets").description("Prepaid money of customers");
  withExamples(
    wallets,
    "iep wallets show <customer-id>",
    "iep wallets top-up <customer-id> --amount-cents 5000 --reference 'invoice 42'",
  );

  withExamples(wallets.command("show"), "iep wallets show <customer-id>")
    .description("Balance, what is held for open jobs, and what is available")
    .argument("<customer-id>")
    .action(
      platformAction(run, z.object({ customerId: Id }), async (platform, { customerId }) => {
        const wallet = await findWallet(platform, customerId);
        await terminal.print(wallet, () => formatWallet(wallet));
      }),
    );

  withExamples(
    wallets.command("top-up"),
    "iep wallets top-up <customer-id> --amount-cents 5000 --reference 'invoice 42'",
  )
    .description("Add money. The same reference never moves money twice")
    .argument("<customer-id>")
    .option("--amount-cents <n>", "(required)")
    .option("--reference <text>", "your own name for this payment (required)")
    .action(
      platformAction(
        run,
        z.object({ customerId: Id, amountCents: AmountCents, reference: Reference }),
        async (platform, { customerId, amountCents, reference }) => {
          const topUp = { customer_id: customerId, amount_cents: amountCents, reference };
          const { entry, replayed } = await platform.wallets.topUp(topUp);
          const { currency } = await findWallet(platform, customerId);
          await terminal.print(entry, () => formatEntry(entry, currency));
          if (replayed) await terminal.say("This reference was paid in before: no money moved now.");
        },
      ),
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
          await terminal.printList(entries, columns(currency), { limit, empty: "No money has moved yet." });
        },
      ),
    );
}

async function findWallet(platform: Platform, customer_id: string): Promise<Wallet> {
  const wallet = await platform.wallets.findByCustomerId(customer_id);
  if (!wallet) throw new PlatformError("not_found", `There is no customer ${customer_id}.`);
  return wallet;
}

function formatWallet(wallet: Wallet): string {
  const { currency } = wallet;
  return formatDetails([
    ["customer", wallet.customer_id],
    ["balance", formatMoney(wallet.current_balance_cents, currency)],
    ["held for open jobs", formatMoney(wallet.pending_charges_cents, currency)],
    ["available", formatMoney(wallet.available_cents, currency)],
    ["updated", formatTime(wallet.updated_at)],
  ]);
}

function formatEntry(entry: WalletEntry, currency: string): string {
  return formatDetails([
    ["entry", entry.seq],
    ["kind", entry.kind],
    ["amount", formatMoney(entry.amount_cents, currency)],
    ["balance after", formatMoney(entry.balance_after_cents, currency)],
    ["reference", entry.reference],
    ["time", formatTime(entry.created_at)],
  ]);
}
