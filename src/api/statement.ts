import type { BalancePoint, PointInTime, WalletEntry, WalletRepository } from "../core/wallet.ts";
import { noCustomer } from "./auth.ts";
import { csvLine } from "./csv.ts";
import { invalidField } from "./validation.ts";

/** Entries read at a time for a statement, which may have millions. */
const STATEMENT_PAGE = 1_000;
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

interface PeriodQuery {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

interface StatementQuery extends PeriodQuery {
  readonly limit?: number | undefined;
  readonly cursor?: number | undefined;
}

/** What a wallet had right before a period, and by its end. The entries of the period are those between the two: entries are only ever added on top. */
interface Period {
  readonly opening: BalancePoint;
  readonly closing: BalancePoint;
}

/** Throws `not_found` when there is no such customer. */
export async function findPeriod(
  wallets: WalletRepository,
  customer_id: string,
  { from, to }: PeriodQuery,
): Promise<Period> {
  if (from !== undefined && to !== undefined && from > to)
    throw invalidField("/to", "must not be before from");
  // The end first: whatever comes in between the two questions is after both.
  const closing = await balanceAt(wallets, customer_id, to === undefined ? undefined : { before: to });
  const opening =
    from === undefined
      ? { seq: 0, balance_cents: 0 }
      : await balanceAt(wallets, customer_id, { before: from });
  return opening.seq > closing.seq ? { opening: closing, closing } : { opening, closing };
}

export async function balanceAt(
  wallets: WalletRepository,
  customer_id: string,
  when?: PointInTime,
): Promise<BalancePoint> {
  const point = await wallets.balanceAt(customer_id, when);
  if (!point) throw noCustomer(customer_id);
  return point;
}

/** As CSV, a page at a time, as fast as the client reads. */
export function statement(
  wallets: WalletRepository,
  customer_id: string,
  query: StatementQuery,
  period: Period,
): AsyncGenerator<string> {
  if (query.from === undefined && query.to === undefined)
    return newestFirst(wallets, customer_id, query, period);
  if (query.limit !== undefined || query.cursor !== undefined)
    throw invalidField("/limit", "and cursor do not go with a statement of a period, which is whole");
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
    const page = { limit: Math.min(left, STATEMENT_PAGE), before_seq: below };
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
  { opening, closing }: Period,
): AsyncGenerator<string> {
  yield csvLine(STATEMENT_COLUMNS);
  yield balanceLine("opening_balance", opening);
  for (let after_seq = opening.seq; after_seq < closing.seq;) {
    const entries = await wallets.listEntries(customer_id, {
      limit: STATEMENT_PAGE,
      order: "oldest_first",
      after_seq,
      before_seq: closing.seq + 1,
    });
    const last = entries.at(-1);
    if (!last) throw new Error(`wallet of ${customer_id}: the ledger ends before entry ${closing.seq}`);
    yield entries.map(entryLine).join("");
    after_seq = last.seq;
  }
  yield balanceLine("closing_balance", closing);
}

function entryLine(entry: WalletEntry): string {
  return csvLine(STATEMENT_COLUMNS.map((column) => entry[column]));
}

/** In the columns of an entry, with nothing but what it says. */
function balanceLine(kind: "opening_balance" | "closing_balance", { balance_cents }: BalancePoint): string {
  const cells: Partial<Record<(typeof STATEMENT_COLUMNS)[number], string | number>> = {
    kind,
    balance_after_cents: balance_cents,
  };
  return csvLine(STATEMENT_COLUMNS.map((column) => cells[column] ?? null));
}
