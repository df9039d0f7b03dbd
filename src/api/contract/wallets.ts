import { z } from "zod";
import { ENTRY_KINDS } from "../../core/wallet.ts";
import { AmountCents, AnsweredTime, Id, Limit, pageOf, SeqCursor, text } from "./fields.ts";

const REFERENCE_LENGTH_MAX = 200;

export const Wallet = z
  .strictObject({
    id: Id,
    customer_id: Id,
    currency: z.string(),
    current_balance_cents: z.int(),
    pending_charges_cents: z.int().meta({ description: "Held for jobs that have not ended." }),
    available_cents: z
      .int()
      .meta({ description: "What a new job may cost: the balance without what is held." }),
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
        created_at: "2026-11-23T21:06:00.123456Z",
        updated_at: "2026-11-23T21:07:12.5Z",
      },
    ],
  });

export const TopUp = z
  .strictObject({
    amount_cents: AmountCents,
    reference: text(REFERENCE_LENGTH_MAX).meta({
      description: "Your own name for this payment. The same one never moves money twice.",
    }),
  })
  .meta({ id: "TopUp", examples: [{ amount_cents: 5000, reference: "invoice 2026-0042" }] });

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
        created_at: "2026-11-23T21:06:30Z",
      },
    ],
  });

export const WalletEntryPage = pageOf(WalletEntry, "WalletEntryPage");

export const EntriesQuery = z.strictObject({
  limit: Limit.optional().meta({ description: "50 when left out; a CSV statement then has all entries." }),
  cursor: SeqCursor.optional(),
});
