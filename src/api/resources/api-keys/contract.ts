import { z } from "zod";
import { SCOPES } from "../../../core/model/api-key.ts";
import { KEY_OVERLAP_DEFAULT_SECONDS, KEY_OVERLAP_MAX_SECONDS } from "../../../core/model/limits.ts";
import { UtcTime, Id, pageOf, Timestamp } from "../../http/fields.ts";
import { Name } from "../customers/contract.ts";

const Scopes = z.array(z.enum(SCOPES));
const SCOPES_SAY =
  "`jobs:write` submits, estimates, cancels and retries jobs, `jobs:read` reads them, `wallet:read` reads the wallet and its entries. Only a key with all of them manages keys.";

const ExpiresAt = Timestamp.nullable().meta({
  description: "From then on the key is refused. Null: never.",
});

export const NewApiKey = z
  .strictObject({
    scopes: Scopes.min(1)
      .refine((scopes) => new Set(scopes).size === scopes.length, "must name each scope once")
      .optional()
      .meta({ description: `What the key may do: ${SCOPES_SAY} Left out: everything.` }),
    expires_at: ExpiresAt.optional().meta({
      description:
        "From then on the key is refused. It must be in the future, and no later than the end of the key that creates it. Null: never. Left out: when the key that creates it expires, or never.",
    }),
    name: Name.optional().meta({
      description: "A name of your choice that tells the keys of a customer apart.",
    }),
  })
  .meta({
    id: "NewApiKey",
    examples: [
      { name: "production" },
      { name: "reports", scopes: ["jobs:read", "wallet:read"], expires_at: "2027-11-23T00:00:00Z" },
    ],
  });

export const RollApiKey = z
  .strictObject({
    overlap_seconds: z
      .int()
      .min(0)
      .max(KEY_OVERLAP_MAX_SECONDS)
      .default(KEY_OVERLAP_DEFAULT_SECONDS)
      .meta({ description: "How long the old key stays valid, unless it expires earlier by itself." }),
    expires_at: ExpiresAt.optional().meta({
      description:
        "From then on the new key is refused. It must be in the future, and no later than the end of the key that sends this. Null: never. Left out: when the old key would have expired.",
    }),
  })
  .meta({ id: "RollApiKey", examples: [{ overlap_seconds: 3_600 }] });

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
        api_key: "iep_2rX0nq1Jm8VtYc5uKe7ZsPaLhWd3Gf6BoIiUxTvNyQkEXMPLE",
      },
    ],
  });

export const ApiKey = z
  .strictObject({
    id: Id,
    customer_id: Id,
    name: z.string().nullable(),
    prefix: z.string().meta({ description: "The first 12 characters of the key." }),
    scopes: Scopes.readonly().meta({ description: `What the key may do: ${SCOPES_SAY}` }),
    created_at: UtcTime,
    expires_at: UtcTime.nullable().meta({ description: "From then on the key is refused. Null: never." }),
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
        scopes: [...SCOPES],
        created_at: "2026-11-23T21:06:10.5Z",
        expires_at: null,
        last_used_at: "2026-11-23T21:07:00Z",
        revoked_at: null,
      },
    ],
  });

export const RolledApiKey = z
  .strictObject({
    id: Id,
    api_key: z
      .string()
      .meta({ description: "The new secret key. It is shown only here: the platform stores its hash." }),
    expires_at: UtcTime.nullable().meta({ description: "When the new key expires. Null: never." }),
    replaced: z
      .strictObject({ id: Id, expires_at: UtcTime })
      .meta({ description: "The old key, and the moment from which it is refused." }),
  })
  .meta({
    id: "RolledApiKey",
    examples: [
      {
        id: "019ab1f0-7d02-7a51-8c3e-91f0d2b7a644",
        api_key: "iep_7Hc1TqLz0VbN9xRk4YdWm2PfSgJe8UaCi5oXtKvBnQwEXMPLE",
        expires_at: null,
        replaced: { id: "019ab1f0-61aa-7d20-b0a4-02c1a2f7c9d0", expires_at: "2026-11-24T21:06:10.5Z" },
      },
    ],
  });

export const ApiKeyPage = pageOf(ApiKey, "ApiKeyPage");
export const ApiKeyParams = z.strictObject({ id: Id, key_id: Id });
