import { STATEMENT_ENTRIES_MAX } from "../../../core/model/limits.ts";
import { entriesOf, type Period } from "../../../core/use-cases/statement.ts";
import type { BalancePoint, WalletEntry, WalletRepository } from "../../../core/model/wallet.ts";
import { csvLine } from "../../http/csv.ts";
import { invalidField } from "../../http/validation.ts";

const STATEMENT_COLUMNS = [
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
  let below = Math.min(query.cursor ?? Infinity, closing.seq + 1);
  for (let left = query.limit ?? Infinity; left > 0;) {
    const page = { limit: Math.min(left, STATEMENT_ENTRIES_MAX), beforeSeq: below };
    const entries = await wallets.listEntries(customer_id, page);
    yield entries.map(entryLine).join("");
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
  yield balanceLine("opening_balance", period.opening);
  for await (const entries of entriesOf(wallets, customer_id, period)) yield entries.map(entryLine).join("");
  yield balanceLine("closing_balance", period.closing);
}

function entryLine(entry: WalletEntry): string {
  return csvLine(STATEMENT_COLUMNS.map((column) => entry[column]));
}

/** A line that has only a kind and a balance, in the columns of an entry. */
function balanceLine(kind: "opening_balance" | "closing_balance", { balance_cents }: BalancePoint): string {
  const cells: Partial<Record<(typeof STATEMENT_COLUMNS)[number], string | number>> = {
    kind,
    balance_after_cents: balance_cents,
  };
  return csvLine(STATEMENT_COLUMNS.map((column) => cells[column] ?? null));
}
