import type { Wallet } from "../../../core/model/wallet.ts";
import { formatDetails, formatMoney, formatTime } from "../../terminal/format.ts";

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
