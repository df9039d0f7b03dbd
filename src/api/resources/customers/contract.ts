import { z } from "zod";
import { DEFAULT_CURRENCY } from "../../../core/model/wallet.ts";
import { AnsweredTime, Id, pageOf, says, text } from "../../http/fields.ts";

const NAME_LENGTH_MAX = 200;
const EMAIL_LENGTH_MAX = 320;

const Name = text(NAME_LENGTH_MAX);
const Email = z.email({ error: says("must be an e-mail address") }).max(EMAIL_LENGTH_MAX);

export const Customer = z
  .strictObject({
    id: Id,
    name: z.string(),
    email: z.string(),
    active: z.boolean().meta({ description: "An inactive customer may read but submits no jobs." }),
    created_at: AnsweredTime,
    updated_at: AnsweredTime,
  })
  .meta({
    id: "Customer",
    examples: [
      {
        id: "019ab1f0-5b0e-7c1f-8a3d-6f1f7e0c2d11",
        name: "Ada Lovelace",
        email: "ada@example.com",
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
    currency: z
      .string()
      .regex(/^[A-Z]{3}$/, "must be an ISO 4217 code such as EUR")
      .default(DEFAULT_CURRENCY)
      .meta({ description: "Of the wallet. It cannot be changed later." }),
  })
  .meta({ id: "NewCustomer", examples: [{ name: "Ada Lovelace", email: "ada@example.com" }] });

export const CustomerChanges = z
  .strictObject({ name: Name, email: Email, active: z.boolean() })
  .partial()
  .meta({ id: "CustomerChanges", examples: [{ active: false }] });

export const NewApiKey = z
  .strictObject({
    name: Name.optional().meta({ description: "To tell keys apart." }),
  })
  .meta({ id: "NewApiKey", examples: [{ name: "production" }] });

export const CreatedApiKey = z
  .strictObject({
    id: Id,
    api_key: z.string().meta({ description: "Shown this once. Only its hash is kept." }),
  })
  .meta({
    id: "CreatedApiKey",
    examples: [
      {
        id: "019ab1f0-61aa-7d20-b0a4-02c1a2f7c9d0",
        api_key: "iep_2rX0nq1Jm8VtYc5uKe7ZsPaLhWd3Gf6BoIiUxTvNyQk",
      },
    ],
  });

export const ApiKey = z
  .strictObject({
    id: Id,
    customer_id: Id,
    name: z.string().nullable(),
    prefix: z.string().meta({ description: "The first characters of the key." }),
    created_at: AnsweredTime,
    last_used_at: AnsweredTime.nullable().meta({ description: "To the minute." }),
    revoked_at: AnsweredTime.nullable(),
  })
  .meta({ id: "ApiKey" });

export const ApiKeyPage = pageOf(ApiKey, "ApiKeyPage");
export const ApiKeyParams = z.strictObject({ id: Id, key_id: Id });
