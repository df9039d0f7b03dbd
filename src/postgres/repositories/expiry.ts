import { sql } from "kysely";
import { IDEMPOTENCY_KEY_DAYS } from "../../core/model/idempotency.ts";
import type { Database } from "../connection/database.ts";
import { callPruneIdempotencyKeys } from "../connection/functions.gen.ts";

/** Of each, in one call. With 50 calls in a row every 5 s, that is more than can come. */
const BATCH = 5_000;
/** An event that nobody took for so long is nobody's. */
const OUTBOX_DAYS = 30;

/**
 * Forgets a batch of expired idempotency keys and a batch of expired outbox events. True when one was full.
 */
export async function forgetExpired(database: Database): Promise<boolean> {
  const keys = await callPruneIdempotencyKeys(database, { days: IDEMPOTENCY_KEY_DAYS, limit: BATCH });
  const events = await forgetEvents(database);
  return keys === BATCH || events === BATCH;
}

/** Looks at the oldest events alone, by id: no more than a batch is read, whatever is in the table. */
async function forgetEvents({ kysely }: Database): Promise<number> {
  const oldest = kysely.selectFrom("outbox").select(["id", "created_at"]).orderBy("id").limit(BATCH);
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
