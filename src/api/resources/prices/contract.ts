import { z } from "zod";
import { PAGE_LIMIT_DEFAULT } from "../../../core/model/limits.ts";
import { UtcTime, Id, Limit, pageOf, SeqCursor } from "../../http/fields.ts";
import { CostCents } from "../job-types/contract.ts";

export const PriceParams = z.strictObject({ id: Id, customer_id: Id });

export const NewCustomerPrice = z
  .strictObject({ cost_cents: CostCents })
  .meta({ id: "NewCustomerPrice", examples: [{ cost_cents: 4 }] });

export const CustomerPrice = z
  .strictObject({
    customer_id: Id,
    job_type_id: Id,
    cost_cents: z.int(),
    currency: z.string().meta({ description: "The currency of the customer's wallet." }),
    updated_at: UtcTime,
  })
  .meta({
    id: "CustomerPrice",
    examples: [
      {
        customer_id: "019ab1f0-5b0e-7c1f-8a3d-6f1f7e0c2d11",
        job_type_id: "019ab1f0-5d33-7b60-93b1-0e7f5a9c1b22",
        cost_cents: 4,
        currency: "EUR",
        updated_at: "2026-11-23T21:06:00.3Z",
      },
    ],
  });

const PriceChange = z
  .strictObject({
    job_type_id: Id,
    customer_id: Id.nullable().meta({
      description: "The customer who pays this price. Null: this is the standard cost.",
    }),
    cost_cents: z
      .int()
      .nullable()
      .meta({ description: "Null: from `valid_from` on, the customer pays the standard cost again." }),
    currency: z.string().nullable().meta({
      description:
        "What `cost_cents` is in. Null where that is null, and for prices from before prices had a currency.",
    }),
    valid_from: UtcTime,
  })
  .meta({
    id: "PriceChange",
    examples: [
      {
        job_type_id: "019ab1f0-5d33-7b60-93b1-0e7f5a9c1b22",
        customer_id: null,
        cost_cents: 5,
        currency: "EUR",
        valid_from: "2026-11-23T21:06:00.2Z",
      },
    ],
  });

export const PriceHistoryPage = pageOf(PriceChange, "PriceHistoryPage");

export const PriceHistoryQuery = z.strictObject({
  limit: Limit.default(PAGE_LIMIT_DEFAULT),
  cursor: SeqCursor.optional(),
});
