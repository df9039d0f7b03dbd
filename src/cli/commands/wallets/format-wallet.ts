import type { Wallet, WalletEntry } from "../../../core/model/wallet.ts";
import { formatDetails, formatMoney, formatTime, type Column } from "../../terminal/format.ts";

export function formatWallet(wallet: Wallet): string {
  const money = (cents: number): string => formatMoney(cents, wallet.currency);
  const limit = (cents: number | null): string => (cents === null ? "none" : money(cents));
  return formatDetails([
    ["customer", wallet.customer_id],
    ["balance", money(wallet.current_balance_cents)],
    ["held for open jobs", money(wallet.pending_charges_cents)],
    ["credit limit", money(wallet.credit_limit_cents)],
    ["available", money(wallet.available_cents)],
    ["frozen since", wallet.frozen_at && formatTime(wallet.frozen_at)],
    ["charged this month", money(wallet.month_spent_cents)],
    ["monthly spend limit", limit(wallet.monthly_spend_limit_cents)],
    ["low balance below", limit(wallet.low_balance_cents)],
    ["updated", formatTime(wallet.updated_at)],
  ]);
}

/** `currency` is left out where nobody knows it any more. */
export function formatEntry(entry: WalletEntry, currency: string | undefined): string {
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
