import { customerNotFound } from "../model/not-found.ts";
import { STATEMENT_ENTRIES_MAX } from "../model/limits.ts";
import type { BalancePoint, PointInTime, WalletEntry, WalletRepository } from "../model/wallet.ts";

/**
 * What a wallet had right before a period, and at its end. The entries of the period are those between the
 * two, because entries are only ever added at the end.
 */
export interface Period {
  readonly opening: BalancePoint;
  readonly closing: BalancePoint;
}

/**
 * Returns the period that begins at `from` (left out: with the wallet) and ends right before `to` (left out:
 * now), both RFC 3339. A period that ends before it begins has no entries; callers refuse it themselves.
 * Throws `not_found` when there is no such customer.
 */
export async function findPeriod(
  wallets: WalletRepository,
  customer_id: string,
  { from, to }: { readonly from?: string | undefined; readonly to?: string | undefined },
): Promise<Period> {
  // The end first: entries posted between the two queries are then after both.
  const closing = await balanceAt(wallets, customer_id, to === undefined ? undefined : { before: to });
  const opening =
    from === undefined
      ? { seq: 0, balance_cents: 0 }
      : await balanceAt(wallets, customer_id, { before: from });
  return opening.seq > closing.seq ? { opening: closing, closing } : { opening, closing };
}

/** `WalletRepository.balanceAt` that throws `not_found` when there is no such customer. */
export async function balanceAt(
  wallets: WalletRepository,
  customer_id: string,
  when?: PointInTime,
): Promise<BalancePoint> {
  const point = await wallets.balanceAt(customer_id, when);
  if (!point) throw customerNotFound(customer_id);
  return point;
}

/** The entries of a period, oldest first, a page at a time, as fast as the reader takes them. */
export async function* entriesOf(
  wallets: WalletRepository,
  customer_id: string,
  { opening, closing }: Period,
): AsyncGenerator<readonly WalletEntry[]> {
  for (let afterSeq = opening.seq; afterSeq < closing.seq;) {
    const entries = await wallets.listEntries(customer_id, {
      limit: STATEMENT_ENTRIES_MAX,
      order: "oldest_first",
      afterSeq,
      beforeSeq: closing.seq + 1,
    });
    const last = entries.at(-1);
    if (!last) throw new Error(`wallet of ${customer_id}: the ledger ends before entry ${closing.seq}`);
    yield entries;
    afterSeq = last.seq;
  }
}
