import type { AuditRow } from "./audit.ts";

/** The hash chains over the ledger: evidence that no entry was rewritten. */
export interface SealRepository {
  /** Links for what is new in some wallets after the cursor; answers the next cursor, undefined at the end of a round. */
  sealNext(after: string | undefined): Promise<string | undefined>;
  /**
   * Checks every link, as one more row of the audit. `digest` stands for all links: noted elsewhere, it proves later that history was not
   * rewritten, chains and all, as `digestAt` of the same time must answer it again.
   */
  verify(): Promise<{ row: AuditRow; digest: string; sealed_entries: number }>;
}
