import { sql } from "kysely";
import { PlatformError } from "../../core/lib/errors.ts";
import { SCOPES, type Scope } from "../../core/model/api-key.ts";
import type { ApiKey, KeyTerms, RolledKey } from "../../core/model/customer.ts";
import { API_KEYS_MAX } from "../../core/model/limits.ts";
import type { Database } from "../connection/database.ts";
import { oneOf } from "../connection/decode.ts";
import { callRollApiKey } from "../connection/functions.gen.ts";

/** The columns of an API key as it may be shown. */
export const KEY_COLUMNS = [
  "id",
  "customer_id",
  "name",
  "prefix",
  sql<Scope[]>`to_jsonb(scopes)`.as("scopes"),
  "created_at",
  "expires_at",
  "last_used_at",
  "revoked_at",
] as const;

/** Of a row of api_keys. */
export const IS_NOT_EXPIRED = sql<boolean>`(expires_at IS NULL OR expires_at > clock_timestamp())`;

interface TermsRow {
  readonly api_key_id: string;
  /** Words with a space between them. */
  readonly scopes: string;
  readonly key_expires_at: string | null;
  readonly left_ms: number | null;
}

/** What a key may do. Its row was asked for at `asked_at`, in the time of `performance.now()`. */
export function toKeyTerms(row: TermsRow, asked_at: number): KeyTerms {
  const { api_key_id, scopes, key_expires_at: expires_at, left_ms } = row;
  const words = scopes.split(" ").map((word): Scope => oneOf(SCOPES, word, "api_keys.scopes"));
  return {
    api_key_id,
    scopes: words,
    expires_at,
    isLimited: SCOPES.some((scope) => !words.includes(scope)),
    ends_at: left_ms === null ? Infinity : asked_at + left_ms,
  };
}

/** What `CustomerRepository.rollApiKey` promises. */
export async function rollKey(
  database: Database,
  rolled: RolledKey,
): Promise<{ key: ApiKey; replaced: ApiKey }> {
  const { id, customer_id, replaces, prefix, key_hash, overlap_seconds, expires_at, keepsExpiry } = rolled;
  const outcome = await callRollApiKey(database, {
    id,
    customer: customer_id,
    replaces: replaces,
    prefix,
    hash: key_hash,
    overlap_seconds,
    expires_at,
    keeps_expiry: keepsExpiry,
    keys_max: API_KEYS_MAX,
  });
  if (outcome === "too_many_keys") throw tooManyKeys();
  if (outcome === "not_found")
    throw new PlatformError(
      "not_found",
      `Customer ${customer_id} has no valid API key ${replaces}: it never was, was revoked or has expired.`,
    );
  const keys = await database.kysely
    .selectFrom("api_keys")
    .select(KEY_COLUMNS)
    .where("id", "in", [id, replaces])
    .execute();
  const [key, replaced] = [keys.find((one) => one.id === id), keys.find((one) => one.id === replaces)];
  if (!key || !replaced) throw new Error(`roll_api_key rolled ${replaces}, and one of the two keys is gone`);
  return { key, replaced };
}

export function tooManyKeys(): PlatformError {
  return new PlatformError(
    "too_many_keys",
    `This customer has ${API_KEYS_MAX} API keys. Revoke one that is not used any more.`,
  );
}
