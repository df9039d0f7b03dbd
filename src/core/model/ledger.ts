import type { EntryKind, WalletEntry } from "./wallet.ts";

/** An entry of any wallet. */
export interface LedgerEntry extends WalletEntry {
  readonly customer_id: string;
  readonly currency: string;
}

export interface LedgerFilter {
  readonly kind?: EntryKind | undefined;
  readonly customer_id?: string | undefined;
  readonly job_id?: string | undefined;
  readonly reference?: string | undefined;
  /** Inclusive. */
  readonly since?: string | undefined;
}

export interface LedgerPosition {
  readonly created_at: string;
  readonly wallet_id: string;
  readonly seq: number;
}

/** All entries of all wallets. */
export interface LedgerRepository {
  /** Newest first. */
  list(
    filter: LedgerFilter,
    page: { readonly limit: number; readonly before?: LedgerPosition | undefined },
  ): Promise<LedgerEntry[]>;
}
