import { sql } from "kysely";
import { EXPIRY_BATCH_MAX, IDEMPOTENCY_KEY_DAYS, OUTBOX_DAYS } from "../../core/model/limits.ts";
import type { Database } from "../connection/database.ts";
import { callPruneIdempotencyKeys } from "../connection/functions.gen.ts";

/**
 * Forgets a batch of expired idempotency keys and a batch of expired outbox events. True when one was full.
 */
export async function forgetExpired(database: Database): Promise<boolean> {
  const keys = await callPruneIdempotencyKeys(database, {
    days: IDEMPOTENCY_KEY_DAYS,
    limit: EXPIRY_BATCH_MAX,
  });
  const events = await forgetEvents(database);
  return keys === EXPIRY_BATCH_MAX || events === EXPIRY_BATCH_MAX;
}

/** Looks at the oldest events alone, by id: no more than a batch is read, whatever is in the table. */
async function forgetEvents({ kysely }: Database): Promise<number> {
  const oldest = kysely
    .selectFrom("outbox")
    .select(["id", "created_at"])
    .orderBy("id")
    .limit(EXPIRY_BATCH_MAX);
  const expired = kysely
    .selectFrom(oldest.as("oldest"))
    .select("oldest.id")
    .where("oldest.created_at", "<", sql<string>`now() - make_interval(days => ${OUTBOX_DAYS})`);
  const { numDeletedRows } = await kysely
    .deleteFrom("outbox")
    .where(sql<boolean>`id = ANY (array(${expired}))`)
    .executeTakeFirst();
  return Number(numDeletedRows);
}
