import { z } from "zod";
import { EMAIL_LENGTH_MAX, NAME_LENGTH_MAX } from "../../../core/model/limits.ts";
import { DEFAULT_CURRENCY } from "../../../core/model/currency.ts";
import { Currency, UtcTime, Id, PageQuery, pageOf, says, text } from "../../http/fields.ts";

/** The name of a customer, a key or a job type. */
export const Name = text(NAME_LENGTH_MAX);
const Email = z.email({ error: says("must be an e-mail address") }).max(EMAIL_LENGTH_MAX);

export const Customer = z
  .strictObject({
    id: Id,
    name: z.string(),
    email: z.string(),
    currency: z.string().meta({ description: "ISO 4217 code of the wallet's currency." }),
    active: z.boolean().meta({ description: "An inactive customer can read but cannot submit jobs." }),
    created_at: UtcTime,
    updated_at: UtcTime,
  })
  .meta({
    id: "Customer",
    examples: [
      {
        id: "019ab1f0-5b0e-7c1f-8a3d-6f1f7e0c2d11",
        name: "Ada Lovelace",
        email: "ada@example.com",
        currency: "EUR",
        active: true,
        created_at: "2026-11-23T21:06:00.123456Z",
        updated_at: "2026-11-23T21:06:00.123456Z",
      },
    ],
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
  .strictObject({ name: Name, email: Email, active: z.boolean() })
  .partial()
  .meta({ id: "CustomerChanges", examples: [{ active: false }] });

export const CustomersQuery = PageQuery.extend({
  email: Email.optional().meta({
    description: "Only customers with this e-mail address, in upper or lower case. There can be several.",
  }),
});
