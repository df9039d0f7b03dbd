import { z } from "zod";
import { UtcTime, Id, pageOf } from "../../http/fields.ts";
import { Name } from "../customers/contract.ts";

export const NewApiKey = z
  .strictObject({
    name: Name.optional().meta({
      description: "A name of your choice that tells the keys of a customer apart.",
    }),
  })
  .meta({ id: "NewApiKey", examples: [{ name: "production" }] });

export const CreatedApiKey = z
  .strictObject({
    id: Id,
    api_key: z
      .string()
      .meta({ description: "The secret key. It is shown only here: the platform stores its hash." }),
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
    prefix: z.string().meta({ description: "The first 12 characters of the key." }),
    created_at: UtcTime,
    last_used_at: UtcTime.nullable().meta({
      description: "When the key was last used, to the minute. Null if it was never used.",
    }),
    revoked_at: UtcTime.nullable().meta({ description: "Null while the key is valid." }),
  })
  .meta({
    id: "ApiKey",
    examples: [
      {
        id: "019ab1f0-61aa-7d20-b0a4-02c1a2f7c9d0",
        customer_id: "019ab1f0-5b0e-7c1f-8a3d-6f1f7e0c2d11",
        name: "production",
        prefix: "iep_2rX0nq1J",
        created_at: "2026-11-23T21:06:10.5Z",
        last_used_at: "2026-11-23T21:07:00Z",
        revoked_at: null,
      },
    ],
  });

export const ApiKeyPage = pageOf(ApiKey, "ApiKeyPage");
export const ApiKeyParams = z.strictObject({ id: Id, key_id: Id });
