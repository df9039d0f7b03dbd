import { STATEMENT_ENTRIES_MAX } from "../../../core/model/limits.ts";
import { toDecimal } from "../../../core/model/currency.ts";
import { findWallet } from "../../../core/use-cases/find-wallet.ts";
import { entriesOf, type Period } from "../../../core/use-cases/statement.ts";
import type { BalancePoint, WalletEntry, WalletRepository } from "../../../core/model/wallet.ts";
import { csvLine } from "../../http/csv.ts";
import { invalidField } from "../../http/validation.ts";

const ENTRY_COLUMNS = [
  "seq",
  "created_at",
  "kind",
  "amount_cents",
  "balance_after_cents",
  "job_id",
  "reference",
  "reason",
  "actor",
] as const satisfies readonly (keyof WalletEntry)[];

/** Behind the columns of an entry: its amounts for people, as decimal numbers of the wallet's currency. */
const STATEMENT_COLUMNS = [...ENTRY_COLUMNS, "amount", "balance_after", "currency"];

interface StatementQuery {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly limit?: number | undefined;
  readonly cursor?: number | undefined;
}

/** The entries as CSV, read page by page as fast as the client takes them. */
export function statement(
  wallets: WalletRepository,
  customer_id: string,
  query: StatementQuery,
  period: Period,
): AsyncGenerator<string> {
  if (query.from === undefined && query.to === undefined)
    return newestFirst(wallets, customer_id, query, period);
  if (query.limit !== undefined || query.cursor !== undefined)
    throw invalidField(
      query.limit === undefined ? "/cursor" : "/limit",
      "cannot be used for the statement of a period, which always has all its entries",
    );
  return betweenBalances(wallets, customer_id, period);
}

async function* newestFirst(
  wallets: WalletRepository,
  customer_id: string,
  query: StatementQuery,
  { closing }: Period,
): AsyncGenerator<string> {
  yield csvLine(STATEMENT_COLUMNS);
  const currency = await currencyOf(wallets, customer_id);
  let below = Math.min(query.cursor ?? Infinity, closing.seq + 1);
  for (let left = query.limit ?? Infinity; left > 0;) {
    const page = { limit: Math.min(left, STATEMENT_ENTRIES_MAX), beforeSeq: below };
    const entries = await wallets.listEntries(customer_id, page);
    yield entries.map((entry) => entryLine(entry, currency)).join("");
    if (entries.length < page.limit) return;
    left -= entries.length;
    below = entries.at(-1)?.seq ?? 0;
  }
}

async function* betweenBalances(
  wallets: WalletRepository,
  customer_id: string,
  period: Period,
): AsyncGenerator<string> {
  yield csvLine(STATEMENT_COLUMNS);
  const currency = await currencyOf(wallets, customer_id);
  yield balanceLine("opening_balance", period.opening, currency);
  for await (const entries of entriesOf(wallets, customer_id, period))
    yield entries.map((entry) => entryLine(entry, currency)).join("");
  yield balanceLine("closing_balance", period.closing, currency);
}

async function currencyOf(wallets: WalletRepository, customer_id: string): Promise<string> {
  return (await findWallet(wallets, customer_id)).currency;
}

function entryLine(entry: WalletEntry, currency: string): string {
  return csvLine([
    ...ENTRY_COLUMNS.map((column) => entry[column]),
    { decimal: toDecimal(entry.amount_cents, currency) },
    { decimal: toDecimal(entry.balance_after_cents, currency) },
    currency,
  ]);
}

/** A line that has only a kind and a balance, in the columns of an entry. */
function balanceLine(
  kind: "opening_balance" | "closing_balance",
  { balance_cents }: BalancePoint,
  currency: string,
): string {
  const cells: Partial<Record<string, Parameters<typeof csvLine>[0][number]>> = {
    kind,
    balance_after_cents: balance_cents,
    balance_after: { decimal: toDecimal(balance_cents, currency) },
    currency,
  };
  return csvLine(STATEMENT_COLUMNS.map((column) => cells[column] ?? null));
}
