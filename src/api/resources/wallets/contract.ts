import { z } from "zod";
import { AMOUNT_CENTS_MAX } from "../../../core/model/limits.ts";
import { UtcTime, Id, Timestamp } from "../../http/fields.ts";

export const Wallet = z
  .strictObject({
    id: Id,
    customer_id: Id,
    currency: z.string(),
    current_balance_cents: z.int(),
    pending_charges_cents: z.int().meta({ description: "Money held for jobs that have not ended." }),
    available_cents: z.int().meta({
      description:
        "What a new job may cost: balance plus credit limit minus held money. 0 while the wallet is frozen.",
    }),
    credit_limit_cents: z.int().meta({ description: "How far below zero jobs may take the balance." }),
    low_balance_cents: z.int().nullable().meta({
      description:
        "When the balance falls below this, the platform writes a `low_balance` event. Null: no event.",
    }),
    monthly_spend_limit_cents: z.int().nullable().meta({
      description:
        "The most that charges of the calendar month (UTC) and open holds may be together. Null: no limit.",
    }),
    month_spent_cents: z
      .int()
      .meta({ description: "Charged in this calendar month (UTC). Refunds do not reduce it." }),
    frozen_at: UtcTime.nullable().meta({
      description: "When the wallet was frozen: it pays for no new jobs. Null if it is not frozen.",
    }),
    created_at: UtcTime,
    updated_at: UtcTime,
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

const ThresholdCents = z.int().min(-AMOUNT_CENTS_MAX).max(AMOUNT_CENTS_MAX);

export const WalletChanges = z
  .strictObject({
    credit_limit_cents: z.int().min(0).max(AMOUNT_CENTS_MAX),
    low_balance_cents: ThresholdCents.nullable(),
    monthly_spend_limit_cents: z.int().min(0).max(AMOUNT_CENTS_MAX).nullable(),
    frozen: z.boolean().meta({ description: "True freezes the wallet, false ends the freeze." }),
  })
  .partial()
  .meta({
    id: "WalletChanges",
    examples: [{ credit_limit_cents: 10_000, low_balance_cents: 500 }, { frozen: false }],
  });

export const BalanceQuery = z.strictObject({
  at: Timestamp.optional().meta({ description: "The time to read the balance at. Default: now." }),
});

export const Balance = z
  .strictObject({
    customer_id: Id,
    currency: z.string(),
    balance_cents: z.int(),
    seq: z.int().meta({ description: "`seq` of the last entry up to that time. 0 if there was none." }),
  })
  .meta({
    id: "Balance",
    examples: [
      { customer_id: "019ab1f0-5b0e-7c1f-8a3d-6f1f7e0c2d11", currency: "EUR", balance_cents: 5000, seq: 1 },
    ],
  });
