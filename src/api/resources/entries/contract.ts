import { z } from "zod";
import {
  AMOUNT_CENTS_MAX,
  POSTING_BATCH_MAX,
  REASON_LENGTH_MAX,
  REFERENCE_LENGTH_MAX,
} from "../../../core/model/limits.ts";
import { ENTRY_KINDS, POSTING_KINDS } from "../../../core/model/wallet.ts";
import { AmountCents, UtcTime, Id, Limit, pageOf, SeqCursor, text, Timestamp } from "../../http/fields.ts";
import { Problem } from "../../http/problem.ts";
import { problemExample } from "../../http/problem-examples.ts";

/** In the description of every operation that posts an entry. */
export const ONCE =
  "Returns 201 with the new entry. If an earlier request posted this entry under the same reference, returns 200 with that entry, and no money moves.";

export const Reference = text(REFERENCE_LENGTH_MAX, "identity").meta({
  description:
    "Your own name for this entry. The same reference never moves money twice. It is kept as NFC, and invisible characters are refused.",
});
export const Reason = text(REASON_LENGTH_MAX).meta({
  description: "Why the money moves. Stored with the entry.",
});
const SignedAmountCents = z
  .int()
  .min(-AMOUNT_CENTS_MAX)
  .max(AMOUNT_CENTS_MAX)
  .refine((cents) => cents !== 0, "must not be 0")
  .meta({ description: "Integer minor units of the wallet's currency. A negative amount takes money away." });

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
    amount_cents: AmountCents.meta({ description: "What the payer took back, in integer minor units." }),
    reference: Reference,
    reason: Reason.optional(),
    freeze: z
      .boolean()
      .default(false)
      .meta({ description: "Freeze the wallet even if what is left covers its held money." }),
  })
  .meta({ id: "Chargeback", examples: [{ amount_cents: 5000, reference: "dispute 9", freeze: true }] });

/** One entry of a batch, as it is posted. */
export const NewEntry = z
  .strictObject({
    customer_id: Id,
    kind: z.enum(POSTING_KINDS),
    amount_cents: SignedAmountCents.meta({
      description:
        "The amount as the entry stores it: positive for top-ups and grants, negative for chargebacks.",
    }),
    reference: Reference,
    reason: Reason.optional().meta({ description: "Required for an adjustment." }),
    freeze: z.boolean().optional().meta({
      description: "Only for a chargeback: freeze the wallet even if what is left covers its held money.",
    }),
  })
  .refine(hasSignOfKind, {
    path: ["amount_cents"],
    message: "must be positive for a top-up or a grant and negative for a chargeback",
  })
  .refine(({ kind, reason }) => kind !== "adjustment" || reason !== undefined, {
    path: ["reason"],
    message: "is required for an adjustment",
  })
  .refine(({ kind, freeze }) => kind === "chargeback" || freeze === undefined, {
    path: ["freeze"],
    message: "is only allowed for a chargeback",
  })
  .meta({
    id: "NewEntry",
    examples: [
      {
        customer_id: "019ab1f0-5b0e-7c1f-8a3d-6f1f7e0c2d11",
        kind: "adjustment",
        amount_cents: -250,
        reference: "ticket 17",
        reason: "Counted twice",
      },
    ],
  });

function hasSignOfKind({ kind, amount_cents }: { kind: string; amount_cents: number }): boolean {
  if (kind === "adjustment") return true;
  return kind === "chargeback" ? amount_cents < 0 : amount_cents > 0;
}

/**
 * Only the envelope. Each item is parsed on its own as a `NewEntry`, so that a wrong one does not fail the
 * others.
 */
export const EntryBatch = z
  .strictObject({
    postings: z
      .array(z.unknown().meta({ $ref: "#/components/schemas/NewEntryInput" }))
      .min(1)
      .max(POSTING_BATCH_MAX),
  })
  .meta({
    id: "EntryBatch",
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

export const ENTRY_EXAMPLE = {
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
};

export const WalletEntry = z
  .strictObject({
    wallet_id: Id,
    seq: z.int().meta({ description: "1, 2, 3 … without a gap, in the order in which the balance changed." }),
    kind: z.enum(ENTRY_KINDS),
    amount_cents: z.int(),
    balance_after_cents: z.int(),
    job_id: Id.nullable(),
    reference: z.string().nullable(),
    reason: z.string().nullable(),
    actor: z
      .string()
      .nullable()
      .meta({ description: "Who moved the money. Null: the platform, which charged a job that succeeded." }),
    created_at: UtcTime,
  })
  .meta({
    id: "WalletEntry",
    description: "One change of the balance. Entries are never changed or deleted.",
    examples: [ENTRY_EXAMPLE],
  });

export const EntryResults = z
  .strictObject({
    results: z
      .array(
        z.union([
          z.strictObject({
            status: z
              .literal([200, 201])
              .meta({ description: "200: an earlier request moved this money under the same reference." }),
            entry: WalletEntry,
          }),
          z.strictObject({ status: z.int(), problem: Problem }),
        ]),
      )
      .meta({ description: "One result for each item, in the order of the request." }),
  })
  .meta({
    id: "EntryResults",
    examples: [
      {
        results: [
          { status: 201, entry: ENTRY_EXAMPLE },
          { status: 409, problem: problemExample("reference_reused") },
        ],
      },
    ],
  });

export const WalletEntryPage = pageOf(WalletEntry, "WalletEntryPage").extend({
  opening_balance_cents: z.int().meta({ description: "Balance before the first entry of the period." }),
  closing_balance_cents: z.int().meta({
    description:
      "Balance after the last entry of the period: the opening balance plus all amounts of the period.",
  }),
});

export const EntriesQuery = z.strictObject({
  from: Timestamp.optional().meta({
    description: "Start of the period, inclusive. Default: when the wallet was created.",
  }),
  to: Timestamp.optional().meta({ description: "End of the period, exclusive. Default: now." }),
  limit: Limit.optional().meta({ description: "Default: 50. A CSV statement has all entries by default." }),
  cursor: SeqCursor.optional(),
});
