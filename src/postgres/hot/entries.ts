import type { IdempotencyKey } from "../../core/model/idempotency.ts";
import { PlatformError } from "../../core/lib/errors.ts";
import { insufficientFunds } from "../../core/model/insufficient-funds.ts";
import type { EntryKind, Posted, Posting, Refund, WalletEntry } from "../../core/model/wallet.ts";
import { orNull, plainArray, textArray } from "../connection/arrays.ts";
import type { Database } from "../connection/database.ts";
import { refusingReusedKey } from "./refusing-reused-key.ts";

const ENTRY =
  "outcome, wallet_id, seq, kind, amount_cents, balance_after_cents, reference, reason, actor, created_at";
const PARAMETERS = "$1::uuid[], $2::entry_kind[], $3::bigint[], $4::text[], $5::text[], $6::boolean[], $7";
const POSTED = `${ENTRY}, current_balance_cents, pending_charges_cents, credit_limit_cents`;
const POST_ENTRIES = { name: "post_entries", text: `SELECT ${POSTED} FROM post_entries(${PARAMETERS})` };
const POST_KEYED_ENTRIES = {
  name: "post_keyed_entries",
  text: `SELECT ${POSTED} FROM post_keyed_entries(${PARAMETERS}, $8, $9)`,
};
const REFUND_JOB = {
  name: "refund_job",
  text: `SELECT ${ENTRY}, charged_cents, refunded_cents FROM refund_job($1, $2, $3, $4, $5)`,
};

/** An entry as the functions answer it, behind what became of the request. */
type EntryRow<Outcome> = [
  outcome: Outcome | "posted" | "replayed" | "reference_reused" | "balance_limit",
  wallet_id: string,
  seq: number,
  kind: EntryKind,
  amount_cents: number,
  balance_after_cents: number,
  reference: string | null,
  reason: string | null,
  actor: string | null,
  created_at: string,
];
type PostedRow = [
  ...entry: EntryRow<"insufficient_funds" | "unknown_customer">,
  current_balance_cents: number,
  pending_charges_cents: number,
  credit_limit_cents: number,
];
type RefundedRow = [
  ...entry: EntryRow<"refund_exceeds_charge" | "unknown_job">,
  charged_cents: number,
  refunded_cents: number,
];

/** Each on its own, in the order given: the entry, or why there is none. */
export async function postEntries(
  database: Database,
  postings: readonly Posting[],
  actor: string,
  key?: IdempotencyKey,
): Promise<(Posted | { refused: PlatformError })[]> {
  const values = [
    plainArray(postings.map((posting) => posting.customer_id)),
    plainArray(postings.map((posting) => posting.kind)),
    plainArray(postings.map((posting) => posting.amount_cents)),
    textArray(postings.map((posting) => posting.reference)),
    textArray(postings.map((posting) => posting.reason)),
    orNull(
      postings.map((posting) => posting.freeze),
      plainArray,
    ),
    actor,
  ];
  const rows = key
    ? await refusingReusedKey(() =>
        database.call<PostedRow>(POST_KEYED_ENTRIES, [...values, key.id, key.request_hash]),
      )
    : await database.call<PostedRow>(POST_ENTRIES, values);
  return postings.map((posting, index) => {
    const row = rows[index];
    if (!row) throw new Error("post_entries answered too few rows");
    return toPosted(posting, row);
  });
}

export async function refundJob(database: Database, refund: Refund, actor: string): Promise<Posted> {
  const { job_id, amount_cents, reference, reason } = refund;
  const values = [job_id, amount_cents ?? null, reference, reason, actor];
  const [row] = await database.call<RefundedRow>(REFUND_JOB, values);
  if (!row) throw new Error("refund_job answered no row");
  const [outcome] = row;
  switch (outcome) {
    case "posted":
    case "replayed":
      return { entry: toEntry(row, job_id), replayed: outcome === "replayed" };
    case "unknown_job":
      throw new PlatformError("not_found", `There is no job ${job_id}.`);
    case "refund_exceeds_charge":
      throw refundExceedsCharge(refund, row);
    case "reference_reused":
      throw referenceReused(reference, row);
    case "balance_limit":
      throw balanceLimit();
  }
}

function toPosted(posting: Posting, row: PostedRow): Posted | { refused: PlatformError } {
  const [outcome] = row;
  switch (outcome) {
    case "posted":
    case "replayed":
      return { entry: toEntry(row, null), replayed: outcome === "replayed" };
    case "unknown_customer":
      return { refused: new PlatformError("not_found", `There is no customer ${posting.customer_id}.`) };
    case "reference_reused":
      return { refused: referenceReused(posting.reference, row) };
    case "balance_limit":
      return { refused: balanceLimit() };
    case "insufficient_funds": {
      const [current_balance_cents, pending_charges_cents, credit_limit_cents] = [row[10], row[11], row[12]];
      const required_cents = -posting.amount_cents;
      return {
        refused: insufficientFunds({
          required_cents,
          current_balance_cents,
          pending_charges_cents,
          credit_limit_cents,
        }),
      };
    }
  }
}

function toEntry(row: PostedRow | RefundedRow, job_id: string | null): WalletEntry {
  const [, wallet_id, seq, kind, amount_cents, balance_after_cents, reference, reason, actor, created_at] =
    row;
  return {
    wallet_id,
    seq,
    kind,
    amount_cents,
    balance_after_cents,
    job_id,
    reference,
    reason,
    actor,
    created_at,
  };
}

function referenceReused(reference: string | null, row: PostedRow | RefundedRow): PlatformError {
  const [, , , kind, amount_cents] = row;
  return new PlatformError(
    "reference_reused",
    `The reference "${reference}" stands for a ${kind} of ${amount_cents} cents already. Use a new one.`,
    { errors: [{ pointer: "/reference", message: "was used for another movement" }] },
  );
}

function balanceLimit(): PlatformError {
  return new PlatformError("validation_failed", "The balance would go beyond what a wallet can hold.", {
    errors: [{ pointer: "/amount_cents", message: "is too large for this wallet" }],
  });
}

function refundExceedsCharge(refund: Refund, row: RefundedRow): PlatformError {
  const [charged_cents, refunded_cents] = [row[10], row[11]];
  const refundable_cents = charged_cents - refunded_cents;
  return new PlatformError(
    "refund_exceeds_charge",
    `Job ${refund.job_id} was charged ${charged_cents} cents, of which ${refunded_cents} were refunded: ${refundable_cents} can be.`,
    { members: { charged_cents, refunded_cents, refundable_cents } },
  );
}
