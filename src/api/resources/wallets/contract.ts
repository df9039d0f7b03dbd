import { z } from "zod";
import {
  AMOUNT_CENTS_MAX,
  ENTRY_KINDS,
  POSTING_BATCH_MAX,
  POSTING_KINDS,
} from "../../../core/model/wallet.ts";
import {
  AmountCents,
  AnsweredTime,
  Id,
  Limit,
  pageOf,
  SeqCursor,
  text,
  Timestamp,
} from "../../http/fields.ts";
import { Problem } from "../../http/problem.ts";

const REFERENCE_LENGTH_MAX = 200;
const REASON_LENGTH_MAX = 500;

const Reference = text(REFERENCE_LENGTH_MAX).meta({
  description: "Your own name for this movement. The same one never moves money twice.",
});
const Reason = text(REASON_LENGTH_MAX).meta({ description: "Shown with the entry." });
const SignedAmountCents = z
  .int()
  .min(-AMOUNT_CENTS_MAX)
  .max(AMOUNT_CENTS_MAX)
  .refine((cents) => cents !== 0, "must not be 0")
  .meta({ description: "Integer cents of the wallet's currency; negative takes money away." });

export const Wallet = z
  .strictObject({
    id: Id,
    customer_id: Id,
    currency: z.string(),
    current_balance_cents: z.int(),
    pending_charges_cents: z.int().meta({ description: "Held for jobs that have not ended." }),
    available_cents: z.int().meta({
      description: "What a new job may cost: balance and credit limit without what is held; 0 while frozen.",
    }),
    credit_limit_cents: z.int().meta({ description: "How far below zero the balance may be spent." }),
    low_balance_cents: z
      .int()
      .nullable()
      .meta({ description: "A balance that falls below it writes a `low_balance` event. Null: none." }),
    monthly_spend_limit_cents: z.int().nullable().meta({
      description:
        "Charges of a calendar month (UTC) and open holds may not go beyond it together. Null: no limit.",
    }),
    month_spent_cents: z
      .int()
      .meta({ description: "Charged in this calendar month (UTC); refunds do not take from it." }),
    frozen_at: AnsweredTime.nullable().meta({ description: "Since when it takes no new jobs." }),
    created_at: AnsweredTime,
    updated_at: AnsweredTime,
  })
  .meta({
    id: "Wallet",
    examples: [
      {
        id: "019ab1f0-5b0f-7a02-9c51-44a0a2b8d1e7",
        customer_id: "019ab1f0-5b0e-7c1f-8a3d-6f1f7e0c2d11",
        currency: "EUR",
        current_balance_cents: 500,
        pending_charges_cents: 380,
        available_cents: 120,
        credit_limit_cents: 0,
        low_balance_cents: 1000,
        monthly_spend_limit_cents: null,
        month_spent_cents: 4500,
        frozen_at: null,
        created_at: "2026-11-23T21:06:00.123456Z",
        updated_at: "2026-11-23T21:07:12.5Z",
      },
    ],
  });

export const TopUp = z
  .strictObject({
    amount_cents: AmountCents,
    reference: Reference,
  })
  .meta({ id: "TopUp", examples: [{ amount_cents: 5000, reference: "invoice 2026-0042" }] });

export const Grant = z
  .strictObject({ amount_cents: AmountCents, reference: Reference, reason: Reason.optional() })
  .meta({ id: "Grant", examples: [{ amount_cents: 1000, reference: "welcome", reason: "Free credit" }] });

export const Adjustment = z
  .strictObject({ amount_cents: SignedAmountCents, reference: Reference, reason: Reason })
  .meta({
    id: "Adjustment",
    examples: [{ amount_cents: -250, reference: "ticket 17", reason: "Counted twice" }],
  });

export const Chargeback = z
  .strictObject({
    amount_cents: AmountCents.meta({ description: "What the payer took back, in integer cents." }),
    reference: Reference,
    reason: Reason.optional(),
    freeze: z
      .boolean()
      .default(false)
      .meta({ description: "Freeze the wallet also where enough is left to cover what it holds and owes." }),
  })
  .meta({ id: "Chargeback", examples: [{ amount_cents: 5000, reference: "dispute 9", freeze: true }] });

export const Refund = z
  .strictObject({
    amount_cents: AmountCents.optional().meta({ description: "Left out: all that is left of the charge." }),
    reference: Reference,
    reason: Reason.optional(),
  })
  .meta({ id: "Refund", examples: [{ reference: "ticket 18", reason: "Wrong output" }] });

const ThresholdCents = z.int().min(-AMOUNT_CENTS_MAX).max(AMOUNT_CENTS_MAX);

export const WalletChanges = z
  .strictObject({
    credit_limit_cents: z.int().min(0).max(AMOUNT_CENTS_MAX),
    low_balance_cents: ThresholdCents.nullable(),
    monthly_spend_limit_cents: z.int().min(0).max(AMOUNT_CENTS_MAX).nullable(),
    frozen: z.boolean(),
  })
  .partial()
  .meta({
    id: "WalletChanges",
    examples: [{ credit_limit_cents: 10_000, low_balance_cents: 500 }, { frozen: false }],
  });

/** One movement of a batch. */
export const Posting = z
  .strictObject({
    customer_id: Id,
    kind: z.enum(POSTING_KINDS),
    amount_cents: SignedAmountCents.meta({
      description: "As the entry will have it: top-ups and grants above zero, chargebacks below.",
    }),
    reference: Reference,
    reason: Reason.optional().meta({ description: "An adjustment must have one." }),
    freeze: z.boolean().optional().meta({ description: "With a chargeback." }),
  })
  .refine(hasSignOfKind, { path: ["amount_cents"], message: "must have the sign of its kind" })
  .refine(({ kind, reason }) => kind !== "adjustment" || reason !== undefined, {
    path: ["reason"],
    message: "is required for an adjustment",
  })
  .refine(({ kind, freeze }) => kind === "chargeback" || freeze === undefined, {
    path: ["freeze"],
    message: "goes with a chargeback only",
  })
  .meta({ id: "Posting" });

function hasSignOfKind({ kind, amount_cents }: { kind: string; amount_cents: number }): boolean {
  if (kind === "adjustment") return true;
  return kind === "chargeback" ? amount_cents < 0 : amount_cents > 0;
}

/** The envelope alone: each item is parsed on its own as a `Posting`. */
export const PostingBatch = z
  .strictObject({
    postings: z
      .array(z.unknown().meta({ $ref: "#/components/schemas/PostingInput" }))
      .min(1)
      .max(POSTING_BATCH_MAX),
  })
  .meta({
    id: "PostingBatch",
    examples: [
      {
        postings: [
          {
            customer_id: "019ab1f0-5b0e-7c1f-8a3d-6f1f7e0c2d11",
            kind: "grant",
            amount_cents: 500,
            reference: "2026-12 bonus",
          },
        ],
      },
    ],
  });

export const WalletEntry = z
  .strictObject({
    wallet_id: Id,
    seq: z.int().meta({ description: "1, 2, 3 … without a gap, in the order in which the balance moved." }),
    kind: z.enum(ENTRY_KINDS),
    amount_cents: z.int(),
    balance_after_cents: z.int(),
    job_id: Id.nullable(),
    reference: z.string().nullable(),
    reason: z.string().nullable(),
    actor: z
      .string()
      .nullable()
      .meta({ description: "Who moved it; null: the platform, when a job succeeded." }),
    created_at: AnsweredTime,
  })
  .meta({
    id: "WalletEntry",
    description: "One movement of the balance. Entries are never changed.",
    examples: [
      {
        wallet_id: "019ab1f0-5b0f-7a02-9c51-44a0a2b8d1e7",
        seq: 1,
        kind: "top_up",
        amount_cents: 5000,
        balance_after_cents: 5000,
        job_id: null,
        reference: "invoice 2026-0042",
        reason: null,
        actor: "admin",
        created_at: "2026-11-23T21:06:30Z",
      },
    ],
  });

export const PostingResults = z
  .strictObject({
    results: z
      .array(
        z.union([
          z.strictObject({
            status: z.literal([200, 201]).meta({ description: "200: this reference had moved it before." }),
            entry: WalletEntry,
          }),
          z.strictObject({ status: z.int(), problem: Problem }),
        ]),
      )
      .meta({ description: "In the order given." }),
  })
  .meta({ id: "PostingResults" });

export const WalletEntryPage = pageOf(WalletEntry, "WalletEntryPage").extend({
  opening_balance_cents: z.int().meta({ description: "Before the first entry of the period." }),
  closing_balance_cents: z
    .int()
    .meta({ description: "After its last. Opening balance and all amounts of the period add up to it." }),
});

export const EntriesQuery = z.strictObject({
  from: Timestamp.optional().meta({ description: "The period begins here. Left out: with the wallet." }),
  to: Timestamp.optional().meta({ description: "The period ends before this. Left out: now." }),
  limit: Limit.optional().meta({ description: "50 when left out; a CSV statement then has all entries." }),
  cursor: SeqCursor.optional(),
});

export const BalanceQuery = z.strictObject({
  at: Timestamp.optional().meta({ description: "Left out: now." }),
});

export const Balance = z
  .strictObject({
    customer_id: Id,
    currency: z.string(),
    balance_cents: z.int(),
    seq: z.int().meta({ description: "Of the last entry by then; 0 when there was none." }),
  })
  .meta({ id: "Balance" });
