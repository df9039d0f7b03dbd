import type { AuditRow } from "./audit.ts";

export interface SealReport {
  /** As one more row of the audit. */
  readonly row: AuditRow;
  /** Of the first `links` links, and so of every entry that they seal. */
  readonly digest: string;
  readonly links: number;
  readonly sealed_entries: number;
}

/** The hash chains over the ledger: evidence that no entry was rewritten. */
export interface SealRepository {
  /** Links for what is new in some wallets after the cursor; answers the next cursor, undefined at the end of a round. */
  sealNext(after: string | undefined): Promise<string | undefined>;
  /**
   * Checks every link. The digest of the first `links` links (left out: all there are), noted elsewhere with that number, proves later that
   * history was not rewritten, links and all: asked for the same number it must be the same. Links that are missing are broken ones.
   */
  verify(links?: number): Promise<SealReport>;
}
