/** Integer cents. Every amount that the platform accepts or stores is a safe integer. */
export const AMOUNT_CENTS_MAX = 1_000_000_000_000;

export const DEFAULT_CURRENCY = "EUR";

/** Every kind of ledger entry. The sign of the amount follows from it, except for an adjustment. */
export const ENTRY_KINDS = ["top_up", "charge", "refund", "adjustment", "grant", "chargeback"] as const;
export type EntryKind = (typeof ENTRY_KINDS)[number];

export interface Wallet {
  readonly id: string;
  readonly customer_id: string;
  readonly currency: string;
  readonly current_balance_cents: number;
  /** Money held for jobs that have not ended. */
  readonly pending_charges_cents: number;
  /** `current_balance_cents - pending_charges_cents`: what a new hold may take. Derived, never stored. */
  readonly available_cents: number;
  readonly created_at: string;
  readonly updated_at: string;
}

export interface NewWallet {
  readonly id: string;
  readonly customer_id: string;
  readonly currency: string;
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
  readonly created_at: string;
}

export interface TopUp {
  readonly customer_id: string;
  readonly amount_cents: number;
  /** The payer's own name for this payment; the same reference never moves money twice. */
  readonly reference: string;
}

export interface EntriesPage {
  readonly limit: number;
  /** Only entries below this `seq`; entries come newest first. */
  readonly before_seq?: number | undefined;
}

/** Where money lives. Jobs move it only through `JobRepository.submit` and `settle`, in the statement that moves the job. */
export interface WalletRepository {
  findByCustomerId(customerId: string): Promise<Wallet | undefined>;
  /**
   * Adds money. The same reference with the same amount answers the first entry with `replayed: true`.
   * Throws `not_found` (no such customer) or `reference_reused` (the reference stands for another movement).
   */
  topUp(topUp: TopUp): Promise<{ entry: WalletEntry; replayed: boolean }>;
  /**
   * Takes money outside a hold, as an adjustment, atomically: available money is checked and taken in one guarded statement.
   * Throws `insufficient_funds` and changes nothing when less than `amount_cents` is available.
   */
  deductBalance(deduction: {
    customer_id: string;
    amount_cents: number;
    reason: string;
  }): Promise<WalletEntry>;
  /** Newest first. */
  listEntries(customerId: string, page: EntriesPage): Promise<WalletEntry[]>;
}
