import { sql } from "kysely";
import { PlatformError } from "../core/errors.ts";
import { insufficientFunds } from "../core/insufficient-funds.ts";
import type { EntriesPage, EntryKind, TopUp, Wallet, WalletEntry, WalletRepository } from "../core/wallet.ts";
import type { Database } from "./database.ts";
import { isViolationOf } from "./errors.ts";

const POST_ENTRY = {
  name: "post_entry",
  text: `SELECT outcome, wallet_id, seq, kind, amount_cents, balance_after_cents, reference, reason, created_at, current_balance_cents, pending_charges_cents
           FROM post_entry($1, $2, $3, $4, $5)`,
};

type PostedRow = [
  outcome: "posted" | "replayed" | "reference_reused" | "insufficient_funds" | "unknown_customer",
  wallet_id: string,
  seq: number,
  kind: EntryKind,
  amount_cents: number,
  balance_after_cents: number,
  reference: string | null,
  reason: string | null,
  created_at: string,
  current_balance_cents: number,
  pending_charges_cents: number,
];

interface Posting {
  readonly customer_id: string;
  readonly kind: EntryKind;
  readonly amount_cents: number;
  readonly reference: string | null;
  readonly reason: string | null;
}

export class PostgresWalletRepository implements WalletRepository {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async findByCustomerId(customerId: string): Promise<Wallet | undefined> {
    return await this.#database.kysely
      .selectFrom("wallets")
      .select(["id", "customer_id", "currency", "current_balance_cents", "pending_charges_cents"])
      .select(sql<number>`current_balance_cents - pending_charges_cents`.as("available_cents"))
      .select(["created_at", "updated_at"])
      .where("customer_id", "=", customerId)
      .executeTakeFirst();
  }

  async topUp(topUp: TopUp): Promise<{ entry: WalletEntry; replayed: boolean }> {
    return await this.#post({ ...topUp, kind: "top_up", reason: null });
  }

  async deductBalance(deduction: {
    customer_id: string;
    amount_cents: number;
    reason: string;
  }): Promise<WalletEntry> {
    const { entry } = await this.#post({
      customer_id: deduction.customer_id,
      kind: "adjustment",
      amount_cents: -deduction.amount_cents,
      reference: null,
      reason: deduction.reason,
    });
    return entry;
  }

  async listEntries(customerId: string, page: EntriesPage): Promise<WalletEntry[]> {
    let query = this.#database.kysely
      .selectFrom("wallet_entries")
      .innerJoin("wallets", "wallets.id", "wallet_entries.wallet_id")
      .selectAll("wallet_entries")
      .where("wallets.customer_id", "=", customerId)
      .orderBy("wallet_entries.seq", "desc")
      .limit(page.limit);
    if (page.before_seq !== undefined) query = query.where("wallet_entries.seq", "<", page.before_seq);
    return await query.execute();
  }

  async #post(posting: Posting): Promise<{ entry: WalletEntry; replayed: boolean }> {
    const row = await this.#callPostEntry(posting);
    const [
      outcome,
      wallet_id,
      seq,
      kind,
      amount_cents,
      balance_after_cents,
      reference,
      reason,
      created_at,
      balance,
      held,
    ] = row;
    switch (outcome) {
      case "posted":
      case "replayed":
        return {
          entry: {
            wallet_id,
            seq,
            kind,
            amount_cents,
            balance_after_cents,
            job_id: null,
            reference,
            reason,
            created_at,
          },
          replayed: outcome === "replayed",
        };
      case "unknown_customer":
        throw new PlatformError("not_found", `There is no customer ${posting.customer_id}.`);
      case "reference_reused":
        throw new PlatformError(
          "reference_reused",
          `The reference "${posting.reference}" stands for a ${kind} of ${amount_cents} cents already. Use a new one.`,
          { errors: [{ pointer: "/reference", message: "was used for another movement" }] },
        );
      case "insufficient_funds":
        throw insufficientFunds({
          required_cents: -posting.amount_cents,
          current_balance_cents: balance,
          pending_charges_cents: held,
        });
    }
  }

  async #callPostEntry({ customer_id, kind, amount_cents, reference, reason }: Posting): Promise<PostedRow> {
    try {
      const [row] = await this.#database.call<PostedRow>(POST_ENTRY, [
        customer_id,
        kind,
        amount_cents,
        reference,
        reason,
      ]);
      if (!row) throw new Error("post_entry answered no row");
      return row;
    } catch (error) {
      if (!isViolationOf(error, "wallets_balance_limit")) throw error;
      throw new PlatformError("validation_failed", "The balance would go beyond what a wallet can hold.", {
        errors: [{ pointer: "/amount_cents", message: "is too large for this wallet" }],
      });
    }
  }
}
