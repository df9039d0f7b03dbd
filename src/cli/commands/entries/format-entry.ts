import type { Posted, WalletEntry } from "../../../core/model/wallet.ts";
import type { CliRun } from "../../terminal/command.ts";
import { formatDetails, formatMoney, formatTime, type Column } from "../../terminal/format.ts";

/** `currency` is undefined when the job of the entry was deleted: then it is unknown. */
function formatEntry(entry: WalletEntry, currency: string | undefined): string {
  return formatDetails([
    ["entry", entry.seq],
    ["kind", entry.kind],
    ["amount", formatMoney(entry.amount_cents, currency)],
    ["balance after", formatMoney(entry.balance_after_cents, currency)],
    ["job", entry.job_id],
    ["reference", entry.reference],
    ["reason", entry.reason],
    ["by", entry.actor],
    ["time", formatTime(entry.created_at)],
  ]);
}

export const entryColumns = (currency: string): readonly Column<WalletEntry>[] => [
  { title: "SEQ", cell: (row) => row.seq, right: true },
  { title: "TIME", cell: (row) => formatTime(row.created_at) },
  { title: "KIND", cell: (row) => row.kind },
  { title: "AMOUNT", cell: (row) => formatMoney(row.amount_cents, currency), right: true },
  { title: "BALANCE", cell: (row) => formatMoney(row.balance_after_cents, currency), right: true },
  { title: "FOR", cell: (row) => row.job_id ?? row.reference ?? row.reason ?? "-" },
];

/**
 * Prints an entry that was posted, and says so if an earlier command had posted it under the same reference.
 */
export async function printPosted(
  { terminal }: CliRun,
  { entry, replayed }: Posted,
  currency: string | undefined,
): Promise<void> {
  await terminal.print(entry, () => formatEntry(entry, currency));
  if (replayed) await terminal.say("This reference moved this money before: no money moved now.");
}
