import { customerNotFound, jobNotFound } from "../../core/model/not-found.ts";
import { PlatformError } from "../../core/lib/errors.ts";
import type { IdempotencyKey } from "../../core/model/idempotency.ts";
import { cannotTakeAway } from "../../core/model/refusals.ts";
import type { Posted, Posting, Refund, WalletEntry } from "../../core/model/wallet.ts";
import { orNull } from "../connection/arrays.ts";
import type { Database } from "../connection/database.ts";
import { known, onlyRow } from "../connection/decode.ts";
import {
  callPostEntries,
  callPostKeyedEntries,
  callRefundJob,
  type PostEntriesRow,
  type RefundJobRow,
} from "../connection/functions.gen.ts";
import { fundsOf } from "./funds-of.ts";
import { asStored, storedRefundReference } from "./stored-references.ts";
import { refusingReusedKey } from "./refusing-reused-key.ts";

/** The columns of a ledger entry, which post_entries and refund_job return after `outcome`. */
type EntryRow = Pick<PostEntriesRow, keyof PostEntriesRow & keyof RefundJobRow>;

/** Posts entries that are not charges. Safe to repeat after a lost reply: a reference moves money once. */
export class Entries {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Posts each on its own, in the order given. Returns the entry of each, or why there is none. */
  async post(
    postings: readonly Posting[],
    actor: string,
    key?: IdempotencyKey,
  ): Promise<(Posted | { refused: PlatformError })[]> {
    const batch = toBatch(await asStored(this.#database, postings), actor);
    const rows = key
      ? await refusingReusedKey(() =>
          callPostKeyedEntries(this.#database, { ...batch, key: key.id, hash: key.request_hash }),
        )
      : await callPostEntries(this.#database, batch);
    return postings.map((posting, n) => {
      const row = rows[n];
      if (!row) throw new Error(`post_entries returned ${rows.length} rows for ${postings.length} postings`);
      return toPosted(posting, row);
    });
  }

  async refund(refund: Refund, actor: string): Promise<Posted> {
    const { job_id, amount_cents = null, reason } = refund;
    const reference = await storedRefundReference(this.#database, refund);
    const rows = await callRefundJob(this.#database, { job: job_id, amount_cents, reference, reason, actor });
    const row = onlyRow("refund_job", rows);
    switch (row.outcome) {
      case "posted":
      case "replayed":
        return { entry: toEntry(row, job_id), replayed: row.outcome === "replayed" };
      case "unknown_job":
        throw jobNotFound(job_id);
      case "refund_exceeds_charge":
        throw refundExceedsCharge(refund, row);
      case "reference_reused":
        throw referenceReused(reference, row);
      case "balance_limit":
        throw balanceLimit();
      default:
        throw new Error(`refund_job returned an unknown outcome: ${row.outcome}`);
    }
  }
}

function toBatch(postings: readonly Posting[], actor: string) {
  return {
    customers: postings.map((posting) => posting.customer_id),
    kinds: postings.map((posting) => posting.kind),
    amounts: postings.map((posting) => posting.amount_cents),
    references: postings.map((posting) => posting.reference),
    reasons: postings.map((posting) => posting.reason),
    freezes: orNull(postings.map((posting) => posting.freeze)),
    actor,
  };
}

function toPosted(posting: Posting, row: PostEntriesRow): Posted | { refused: PlatformError } {
  switch (row.outcome) {
    case "posted":
    case "replayed":
      return { entry: toEntry(row, null), replayed: row.outcome === "replayed" };
    case "unknown_customer":
      return { refused: customerNotFound(posting.customer_id) };
    case "reference_reused":
      return { refused: referenceReused(posting.reference, row) };
    case "balance_limit":
      return { refused: balanceLimit() };
    case "insufficient_funds":
      return { refused: cannotTakeAway(-posting.amount_cents, fundsOf(row)) };
    default:
      throw new Error(`post_entries returned an unknown outcome: ${row.outcome}`);
  }
}

function toEntry(row: EntryRow, job_id: string | null): WalletEntry {
  return {
    wallet_id: known(row.wallet_id, "wallet_id"),
    seq: known(row.seq, "seq"),
    kind: known(row.kind, "kind"),
    amount_cents: known(row.amount_cents, "amount_cents"),
    balance_after_cents: known(row.balance_after_cents, "balance_after_cents"),
    job_id,
    reference: row.reference,
    reason: row.reason,
    actor: row.actor,
    created_at: known(row.created_at, "created_at"),
  };
}

function referenceReused(reference: string | null, { kind, amount_cents }: EntryRow): PlatformError {
  return new PlatformError(
    "reference_reused",
    `The reference "${reference}" stands for a ${kind} of ${amount_cents} cents already. Use a new one.`,
    { errors: [{ pointer: "/reference", message: "was used for another entry" }] },
  );
}

function balanceLimit(): PlatformError {
  return new PlatformError("validation_failed", "The balance would go beyond what a wallet can hold.", {
    errors: [{ pointer: "/amount_cents", message: "is too large for this wallet" }],
  });
}

function refundExceedsCharge(
  { job_id }: Refund,
  { charged_cents, refunded_cents }: RefundJobRow,
): PlatformError {
  const refundable_cents = charged_cents - refunded_cents;
  return new PlatformError(
    "refund_exceeds_charge",
    `Job ${job_id} was charged ${charged_cents} cents, of which ${refunded_cents} were refunded: ${refundable_cents} can be.`,
    { members: { charged_cents, refunded_cents, refundable_cents } },
  );
}
