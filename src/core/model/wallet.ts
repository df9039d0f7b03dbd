import type { PlatformError } from "../lib/errors.ts";
import type { IdempotencyKey } from "./idempotency.ts";

/** Every kind of ledger entry. The sign of the amount follows from it, except for an adjustment. */
export const ENTRY_KINDS = ["top_up", "charge", "refund", "adjustment", "grant", "chargeback"] as const;
export type EntryKind = (typeof ENTRY_KINDS)[number];

/** The kinds that somebody posts by hand; the others come from a job. */
export const POSTING_KINDS = [
  "top_up",
  "grant",
  "adjustment",
  "chargeback",
] as const satisfies readonly EntryKind[];
export type PostingKind = (typeof POSTING_KINDS)[number];

export interface Wallet {
  readonly id: string;
  readonly customer_id: string;
  readonly currency: string;
  readonly current_balance_cents: number;
  /** Money held for jobs that have not ended. */
  readonly pending_charges_cents: number;
  /**
   * What may still be held: balance plus credit limit minus held money; 0 while frozen. Derived, never
   * stored.
   */
  readonly available_cents: number;
  /** How far below zero the balance may be spent. */
  readonly credit_limit_cents: number;
  /** A balance that falls below it writes one `low_balance` event; null: none. */
  readonly low_balance_cents: number | null;
  /** Charges of a calendar month (UTC) and open holds may not go beyond it together; null: no limit. */
  readonly monthly_spend_limit_cents: number | null;
  /** Charged in this calendar month (UTC). Refunds do not take from it. */
  readonly month_spent_cents: number;
  /** Since when no new holds are taken; null when they are. */
  readonly frozen_at: string | null;
  readonly created_at: string;
  readonly updated_at: string;
}

export interface WalletChanges {
  readonly credit_limit_cents?: number | undefined;
  readonly low_balance_cents?: number | null | undefined;
  readonly monthly_spend_limit_cents?: number | null | undefined;
  readonly frozen?: boolean | undefined;
}

/** One movement of `current_balance_cents`. Holds are not entries. */
export interface WalletEntry {
  readonly wallet_id: string;
  /** 1, 2, 3 … without a gap, in the order in which the balance moved. */
  readonly seq: number;
  readonly kind: EntryKind;
  readonly amount_cents: number;
  readonly balance_after_cents: number;
  readonly job_id: string | null;
  readonly reference: string | null;
  readonly reason: string | null;
  /** Who moved the money; null: the platform itself, when a job succeeded. */
  readonly actor: string | null;
  /** Never earlier than that of the entry before. */
  readonly created_at: string;
}

/** Who moves money where nobody says otherwise. */
export const SYSTEM_ACTOR = "system";

export interface TopUp {
  readonly customer_id: string;
  readonly amount_cents: number;
  /** The payer's own name for this payment; the same reference never moves money twice. */
  readonly reference: string;
}

/** An entry to post by hand. */
export interface Posting {
  readonly customer_id: string;
  readonly kind: PostingKind;
  /** As the entry will have it: a negative amount takes money away. */
  readonly amount_cents: number;
  readonly reference: string | null;
  /** An adjustment must have one. */
  readonly reason?: string | null | undefined;
  /** With a chargeback: freezes the wallet also where enough is left. */
  readonly freeze?: boolean | undefined;
}

export interface Refund {
  readonly job_id: string;
  /** Left out: all that is left of the charge. */
  readonly amount_cents?: number | undefined;
  readonly reference: string;
  readonly reason: string | null;
}

export interface Posted {
  readonly entry: WalletEntry;
  /** True when the reference was posted before: `entry` is that first entry, and no money moved now. */
  readonly replayed: boolean;
}

export interface EntriesPage {
  readonly limit: number;
  /** Only entries from above this `seq` … */
  readonly afterSeq?: number | undefined;
  /** … to below this. */
  readonly beforeSeq?: number | undefined;
  /** Newest first unless said otherwise. */
  readonly order?: "newest_first" | "oldest_first" | undefined;
}

/** `at` includes what happened in that very microsecond; `before` does not. */
export type PointInTime = { readonly at: string } | { readonly before: string };

/** What a wallet had at some point, and the `seq` of the last entry by then; 0 when there was none. */
export interface BalancePoint {
  readonly seq: number;
  readonly balance_cents: number;
}

/**
 * Wallets and their ledgers. Jobs move money only through `JobRepository.submit` and `settle`, in the
 * statement that moves the job.
 */
export interface WalletRepository {
  findByCustomerId(customerId: string): Promise<Wallet | undefined>;
  /** Throws `not_found`, or `insufficient_funds` when the change would leave held money uncovered. */
  update(customerId: string, changes: WalletChanges): Promise<Wallet>;
  /** `post` of a top-up. */
  topUp(topUp: TopUp, actor?: string): Promise<Posted>;
  /**
   * Posts an entry once. When its reference was posted before with the same kind and amount, that first entry
   * is returned with `replayed: true`. Throws `not_found` (no such customer), `reference_reused` (the
   * reference belongs to another entry), `insufficient_funds` (an adjustment takes more than is available),
   * `validation_failed` (the balance would go beyond its limit), or with a key `idempotency_key_reused`.
   */
  post(posting: Posting, actor: string, key?: IdempotencyKey): Promise<Posted>;
  /** `post` of up to `POSTING_BATCH_MAX` in one round trip, each on its own, in the order given. */
  postAll(postings: readonly Posting[], actor: string): Promise<(Posted | { refused: PlatformError })[]>;
  /**
   * Gives back what a job was charged, in part or whole, never more. Idempotent by reference. Throws
   * `not_found`, `reference_reused`, `refund_exceeds_charge`.
   */
  refund(refund: Refund, actor: string): Promise<Posted>;
  /**
   * Takes money without a hold, as an adjustment: one guarded statement checks what is available and takes
   * it. Throws `insufficient_funds` and changes nothing when less than `amount_cents` is available.
   */
  deductBalance(deduction: {
    customer_id: string;
    amount_cents: number;
    reason: string;
  }): Promise<WalletEntry>;
  listEntries(customerId: string, page: EntriesPage): Promise<WalletEntry[]>;
  /**
   * Returns the balance at a point in time (RFC 3339), or right before it; without one, the balance now.
   * Undefined when there is no such customer.
   */
  balanceAt(customerId: string, when?: PointInTime): Promise<BalancePoint | undefined>;
}
