import { z } from "zod";
import {
  EMAIL_LENGTH_MAX,
  NAME_LENGTH_MAX,
  RUNNING_LIMIT_MAX,
  WAITING_LIMIT_MAX,
  WEIGHT_MAX,
} from "../../../core/model/limits.ts";
import { DEFAULT_CURRENCY } from "../../../core/model/currency.ts";
import { Currency, UtcTime, Id, PageQuery, pageOf, says, text } from "../../http/fields.ts";

/** The name of a customer, a key or a job type. */
export const Name = text(NAME_LENGTH_MAX);
const Email = z.email({ error: says("must be an e-mail address") }).max(EMAIL_LENGTH_MAX);

const Weight = z.int().min(1).max(WEIGHT_MAX).meta({
  description: "The customer's share of the slots, compared with other customers that wait.",
});
/** Of a customer or a job type. */
export const RunningLimit = z.int().min(1).max(RUNNING_LIMIT_MAX).nullable().meta({
  description: "How many jobs may run at the same time. More wait, and block nobody. Null: no limit.",
});

const WaitingLimit = z.int().min(1).max(WAITING_LIMIT_MAX).nullable().meta({
  description:
    "How many jobs may wait, for a slot or for a later time. One more is refused with `queue_full`. Null: no limit.",
});

export const CUSTOMER_EXAMPLE = {
  id: "019ab1f0-5b0e-7c1f-8a3d-6f1f7e0c2d11",
  name: "Ada Lovelace",
  email: "ada@example.com",
  currency: "EUR",
  active: true,
  weight: 1,
  running_limit: null,
  waiting_limit: 10_000,
  created_at: "2026-11-23T21:06:00.123456Z",
  updated_at: "2026-11-23T21:06:00.123456Z",
  erased_at: null,
};

export const Customer = z
  .strictObject({
    id: Id,
    name: z.string(),
    email: z.string(),
    currency: z.string().meta({ description: "ISO 4217 code of the wallet's currency." }),
    active: z.boolean().meta({ description: "An inactive customer can read but cannot submit jobs." }),
    weight: Weight,
    running_limit: RunningLimit,
    waiting_limit: WaitingLimit,
    created_at: UtcTime,
    updated_at: UtcTime,
    erased_at: UtcTime.nullable().meta({
      description: "When the customer was erased. Null: it was not.",
    }),
  })
  .meta({
    id: "Customer",
    examples: [CUSTOMER_EXAMPLE],
  });

export const CustomersQuery = PageQuery.extend({
  email: Email.optional().meta({ description: "Only customers with this address." }),
});

export const CustomerPage = pageOf(Customer, "CustomerPage");

export const NewCustomer = z
  .strictObject({
    name: Name,
    email: Email,
    currency: Currency.default(DEFAULT_CURRENCY).meta({
      description: "ISO 4217 code of the wallet's currency. It cannot be changed later.",
    }),
  })
  .meta({ id: "NewCustomer", examples: [{ name: "Ada Lovelace", email: "ada@example.com" }] });

export const CustomerChanges = z
  .strictObject({
    name: Name,
    email: Email,
    active: z.boolean(),
    weight: Weight,
    running_limit: RunningLimit,
    waiting_limit: WaitingLimit,
  })
  .partial()
  .meta({ id: "CustomerChanges", examples: [{ active: false }] });
