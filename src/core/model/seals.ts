import type { AuditRow } from "./audit.ts";

export interface SealReport {
  /** The result in the form of a row of the audit. */
  readonly row: AuditRow;
  /** Digest of the first `links` links, and so of every entry that they seal. */
  readonly digest: string;
  readonly links: number;
  readonly sealed_entries: number;
}

/** The hash chains over the ledger: evidence that no entry was rewritten. */
export interface SealRepository {
  /**
   * Adds a link for the new entries of each of the next wallets after the cursor. Returns the next cursor;
   * undefined at the end of a round.
   */
  sealNext(after: string | undefined): Promise<string | undefined>;
  /**
   * Checks every link, and returns a digest of the first `links` links (left out: of all). Note the digest
   * and the number of links elsewhere: a later digest of as many links must be equal, or history was
   * rewritten. A missing link counts as broken.
   */
  verify(links?: number): Promise<SealReport>;
}
