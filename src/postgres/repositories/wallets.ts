import { sql } from "kysely";
import { customerNotFound } from "../../core/model/not-found.ts";
import { holdsNotCovered } from "../../core/model/refusals.ts";
import type { IdempotencyKey } from "../../core/model/idempotency.ts";
import type { PlatformError } from "../../core/lib/errors.ts";
import {
  SYSTEM_ACTOR,
  type BalancePoint,
  type EntriesPage,
  type PointInTime,
  type Posted,
  type Posting,
  type Refund,
  type TopUp,
  type Wallet,
  type WalletChanges,
  type WalletEntry,
  type WalletRepository,
} from "../../core/model/wallet.ts";
import type { Database } from "../connection/database.ts";
import { isViolationOf } from "../connection/errors.ts";
import { Entries } from "../hot/entries.ts";
import { definedOnly } from "./defined-only.ts";
import { deductBalance } from "./specification.ts";

/** The resolution of PostgreSQL's clock. */
const ONE_TICK = "1 microsecond";

export class PostgresWalletRepository implements WalletRepository {
  readonly #database: Database;
  readonly #entries: Entries;

  constructor(database: Database) {
    this.#database = database;
    this.#entries = new Entries(database);
  }

  async findByCustomerId(customerId: string): Promise<Wallet | undefined> {
    return await this.#database.kysely
      .selectFrom("wallets")
      .select(["id", "customer_id", "currency", "current_balance_cents", "pending_charges_cents"])
      .select(
        sql<number>`CASE WHEN frozen_at IS NULL THEN available_cents(wallets) ELSE 0 END`.as(
          "available_cents",
        ),
      )
      .select(["credit_limit_cents", "low_balance_cents", "monthly_spend_limit_cents"])
      .select(sql<number>`spent_this_month(wallets)`.as("month_spent_cents"))
      .select(["frozen_at", "created_at", "updated_at"])
      .where("customer_id", "=", customerId)
      .executeTakeFirst();
  }

  async update(customerId: string, changes: WalletChanges): Promise<Wallet> {
    const { frozen, ...columns } = changes;
    const set = definedOnly(columns);
    try {
      if (Object.keys(set).length > 0 || frozen !== undefined)
        await this.#database.kysely
          .updateTable("wallets")
          .set({
            ...set,
            ...(frozen === undefined
              ? {}
              : { frozen_at: frozen ? sql`coalesce(frozen_at, clock_timestamp())` : null }),
            updated_at: sql`greatest(updated_at, clock_timestamp())`,
          })
          .where("customer_id", "=", customerId)
          .execute();
    } catch (error) {
      if (!isViolationOf(error, "wallets_not_overspent")) throw error;
      throw await this.#owesMore(customerId, changes);
    }
    const wallet = await this.findByCustomerId(customerId);
    if (!wallet) throw customerNotFound(customerId);
    return wallet;
  }

  async topUp(topUp: TopUp, actor = SYSTEM_ACTOR): Promise<Posted> {
    return await this.post({ ...topUp, kind: "top_up" }, actor);
  }

  async post(posting: Posting, actor: string, key?: IdempotencyKey): Promise<Posted> {
    const [posted] = await this.#entries.post([posting], actor, key);
    if (!posted) throw new Error("post_entries returned no row");
    if ("refused" in posted) throw posted.refused;
    return posted;
  }

  async postAll(
    postings: readonly Posting[],
    actor: string,
  ): Promise<(Posted | { refused: PlatformError })[]> {
    return await this.#entries.post(postings, actor);
  }

  async refund(refund: Refund, actor: string): Promise<Posted> {
    return await this.#entries.refund(refund, actor);
  }

  async deductBalance(deduction: {
    customer_id: string;
    amount_cents: number;
    reason: string;
  }): Promise<WalletEntry> {
    return await deductBalance(this, deduction);
  }

  async listEntries(customerId: string, page: EntriesPage): Promise<WalletEntry[]> {
    let query = this.#database.kysely
      .selectFrom("wallet_entries")
      .innerJoin("wallets", "wallets.id", "wallet_entries.wallet_id")
      .selectAll("wallet_entries")
      .where("wallets.customer_id", "=", customerId)
      .orderBy("wallet_entries.seq", page.order === "oldest_first" ? "asc" : "desc")
      .limit(page.limit);
    if (page.beforeSeq !== undefined) query = query.where("wallet_entries.seq", "<", page.beforeSeq);
    if (page.afterSeq !== undefined) query = query.where("wallet_entries.seq", ">", page.afterSeq);
    return await query.execute();
  }

  async balanceAt(customerId: string, when?: PointInTime): Promise<BalancePoint | undefined> {
    const [at, later] =
      when === undefined ? [null, "0"] : "at" in when ? [when.at, ONE_TICK] : [when.before, "0"];
    return await this.#database.kysely
      .selectFrom("wallets")
      .innerJoinLateral(
        sql<BalancePoint>`balance_before(wallets.id, ${at}::timestamptz + ${later}::interval)`.as("balance"),
        (join) => join.onTrue(),
      )
      .select(["balance.seq", "balance.balance_cents"])
      .where("wallets.customer_id", "=", customerId)
      .executeTakeFirst();
  }

  /**
   * The error for a change that would leave balance + credit limit below what is held: a credit limit that is
   * too low, or an unfreeze while the balance is negative.
   */
  async #owesMore(customerId: string, changes: WalletChanges): Promise<PlatformError> {
    const wallet = await this.findByCustomerId(customerId);
    if (!wallet) return customerNotFound(customerId);
    const { current_balance_cents, pending_charges_cents } = wallet;
    const credit_limit_cents = changes.credit_limit_cents ?? wallet.credit_limit_cents;
    return holdsNotCovered({ current_balance_cents, pending_charges_cents, credit_limit_cents });
  }
}
