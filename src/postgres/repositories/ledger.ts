import { sql } from "kysely";
import type { LedgerEntry, LedgerFilter, LedgerPosition, LedgerRepository } from "../../core/model/ledger.ts";
import type { Database } from "../connection/database.ts";

/** How far back each look goes that finds too few; the last one goes back to the beginning. */
const LOOKS = ["1 second", "1 minute", "1 hour", "1 day", "30 days", undefined] as const;

interface LedgerPage {
  readonly limit: number;
  readonly before?: LedgerPosition | undefined;
}

export class PostgresLedgerRepository implements LedgerRepository {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async list(filter: LedgerFilter, page: LedgerPage): Promise<LedgerEntry[]> {
    const { customer_id, job_id, reference, kind } = filter;
    // What an index serves by itself is looked through at once.
    const isNarrow = [job_id, reference].some((value) => value !== undefined);
    if (customer_id !== undefined && !isNarrow) return await this.#ofCustomer(customer_id, filter, page);
    const looks = isNarrow || (kind !== undefined && kind !== "charge") ? [undefined] : LOOKS;
    let entries: LedgerEntry[] = [];
    for (const back of looks) {
      entries = await this.#query(filter, page, back).execute();
      if (entries.length === page.limit) break;
    }
    return entries;
  }

  /** In the order of the wallet, which its index has: a page reads no more than a page. */
  async #ofCustomer(customer_id: string, filter: LedgerFilter, page: LedgerPage): Promise<LedgerEntry[]> {
    const wallet = await this.#database.kysely
      .selectFrom("wallets")
      .select("id")
      .where("customer_id", "=", customer_id)
      .executeTakeFirst();
    if (!wallet) return [];
    const { before } = page;
    let query = this.#select(filter, page.limit)
      .where("entry.wallet_id", "=", wallet.id)
      .orderBy("entry.seq", "desc");
    // A cursor of a page of all wallets may stand at another one's entry.
    if (before?.wallet_id === wallet.id) query = query.where("entry.seq", "<", before.seq);
    else if (before) query = query.where("entry.created_at", "<=", before.created_at);
    return await query.execute();
  }

  #query(filter: LedgerFilter, page: LedgerPage, back: string | undefined) {
    let query = this.#select(filter, page.limit)
      .orderBy("entry.created_at", "desc")
      .orderBy("entry.wallet_id", "desc")
      .orderBy("entry.seq", "desc");
    const { before } = page;
    if (before)
      query = query
        .where("entry.created_at", "<=", before.created_at)
        .where(
          sql<boolean>`(entry.created_at, entry.wallet_id, entry.seq) < (${before.created_at}::timestamptz, ${before.wallet_id}::uuid, ${before.seq}::bigint)`,
        );
    if (back !== undefined)
      query = query.where(
        sql<boolean>`entry.created_at >= ${before?.created_at ?? sql`now()`}::timestamptz - ${back}::interval`,
      );
    if (filter.customer_id !== undefined) query = query.where("wallet.customer_id", "=", filter.customer_id);
    return query;
  }

  /** By the fields of the filter but the customer. */
  #select(filter: LedgerFilter, limit: number) {
    let query = this.#database.kysely
      .selectFrom("wallet_entries as entry")
      .innerJoin("wallets as wallet", "wallet.id", "entry.wallet_id")
      .select(["entry.wallet_id", "entry.seq", "entry.kind", "entry.amount_cents"])
      .select(["entry.balance_after_cents", "entry.job_id", "entry.reference", "entry.reason"])
      .select(["entry.actor", "entry.created_at", "wallet.customer_id", "wallet.currency"])
      .limit(limit);
    if (filter.since !== undefined) query = query.where("entry.created_at", ">=", filter.since);
    if (filter.reference !== undefined) query = query.where("entry.reference", "=", filter.reference);
    // As the indexes have it: one for charges, one for refunds, and no other kind names a job.
    if (filter.job_id !== undefined) {
      const { job_id } = filter;
      query = query.where((eb) =>
        eb.or([
          eb.and([eb("entry.job_id", "=", job_id), eb("entry.kind", "=", "charge")]),
          eb.and([eb("entry.job_id", "=", job_id), eb("entry.kind", "=", "refund")]),
        ]),
      );
    }
    if (filter.kind !== undefined) {
      query = query.where("entry.kind", "=", filter.kind);
      if (filter.kind !== "charge") query = query.where("entry.kind", "<>", "charge");
    }
    return query;
  }
}
