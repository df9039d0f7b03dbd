import { sql } from "kysely";
import {
  BULK_ACTION_DAYS,
  BULK_PREVIEW_DAYS,
  EXPIRY_BATCH_MAX,
  FEED_DAYS,
  FIGURES_DAYS,
  IDEMPOTENCY_KEY_DAYS,
  LATE_IDS_DAYS,
  MINUTE_FIGURES_DAYS,
  OUTBOX_DAYS,
  WEBHOOK_LISTENER_MS,
  WEBHOOK_LOG_DAYS,
  WEBHOOK_ORIGIN_DAYS,
} from "../../core/model/limits.ts";
import type { Database } from "../connection/database.ts";
import { earliestIdOf } from "../hot/stored-jobs.ts";
import { callForgetFigures, callPruneIdempotencyKeys } from "../connection/functions.gen.ts";

const DAY_MS = 24 * 60 * 60 * 1_000;

/**
 * Forgets a batch each of expired idempotency keys, outbox events, notes of late ids, figures, the feed of
 * ended jobs, sessions, bulk actions, deliveries and batches of webhooks, and origins that no job uses. True when
 * one was full.
 */
export async function forgetExpired(database: Database): Promise<boolean> {
  const keys = await callPruneIdempotencyKeys(database, {
    days: IDEMPOTENCY_KEY_DAYS,
    limit: EXPIRY_BATCH_MAX,
  });
  const events = await forgetOldest(database, { table: "outbox", key: "id", days: OUTBOX_DAYS });
  const lateIds = await forgetOldest(database, {
    table: "late_ids",
    key: "created_xid",
    days: LATE_IDS_DAYS,
  });
  const figures = await callForgetFigures(database, {
    minutes: `${MINUTE_FIGURES_DAYS} days`,
    all: `${FIGURES_DAYS} days`,
    limit: EXPIRY_BATCH_MAX,
  });
  const fed = await forgetFed(database);
  const sessions = await forgetSessions(database);
  const bulkActions = await forgetBulkActions(database);
  const deliveries = await forgetDeliveries(database);
  const batches = await forgetOldest(database, {
    table: "webhook_batches",
    key: "id",
    days: WEBHOOK_LOG_DAYS,
  });
  const origins = await forgetOrigins(database);
  const done = [keys, events, lateIds, figures, fed, sessions, bulkActions, deliveries, batches, origins];
  return done.includes(EXPIRY_BATCH_MAX);
}

/** Looks at the oldest rows alone, by key: no more than a batch is read, whatever is in the table. */
async function forgetOldest(
  { kysely }: Database,
  { table, key, days }: { table: "outbox" | "late_ids" | "webhook_batches"; key: string; days: number },
): Promise<number> {
  const { numAffectedRows } = await sql`
    DELETE FROM ${sql.table(table)}
     WHERE ${sql.ref(key)} = ANY (array(
             SELECT oldest.key
               FROM (
                 SELECT ${sql.ref(key)} AS key, created_at
                   FROM ${sql.table(table)}
                  ORDER BY 1
                  LIMIT ${EXPIRY_BATCH_MAX}
               ) oldest
              WHERE oldest.created_at < ${daysAgo(days)}
           ))`.execute(kysely);
  return Number(numAffectedRows ?? 0);
}

/** Never the newest row of the feed: it says where the feed ends. */
async function forgetFed({ kysely }: Database): Promise<number> {
  const expired = kysely
    .selectFrom("event_feed")
    .select("seq")
    .where(sql<boolean>`seq < floor(extract(epoch FROM ${daysAgo(FEED_DAYS)}) * 1000000)::bigint`)
    .where(sql<boolean>`seq < (SELECT max(seq) FROM event_feed)`)
    .orderBy("seq")
    .limit(EXPIRY_BATCH_MAX);
  const { numDeletedRows } = await kysely
    .deleteFrom("event_feed")
    .where(sql<boolean>`seq = ANY (array(${expired}))`)
    .executeTakeFirst();
  return Number(numDeletedRows);
}

/** Deletes sessions whose time is over. One that is idle is refused before, and goes here with its time. */
async function forgetSessions({ kysely }: Database): Promise<number> {
  const expired = kysely
    .selectFrom("sessions")
    .select("id")
    .where("expires_at", "<", sql<string>`now()`)
    .orderBy("expires_at")
    .limit(EXPIRY_BATCH_MAX)
    .forUpdate()
    .skipLocked();
  const { numDeletedRows } = await kysely
    .deleteFrom("sessions")
    .where(sql<boolean>`id = ANY (array(${expired}))`)
    .executeTakeFirst();
  return Number(numDeletedRows);
}

/** Deletes bulk actions that ended long ago, and old previews. One that runs has not ended, however old. */
async function forgetBulkActions({ kysely }: Database): Promise<number> {
  const expired = kysely
    .selectFrom("bulk_actions")
    .select("id")
    .where("ended_at", "is not", null)
    .where((eb) =>
      eb.or([
        eb.and([eb("status", "=", "preview"), eb("ended_at", "<", daysAgo(BULK_PREVIEW_DAYS))]),
        eb.and([eb("status", "in", ["done", "stopped"]), eb("ended_at", "<", daysAgo(BULK_ACTION_DAYS))]),
      ]),
    )
    .limit(EXPIRY_BATCH_MAX)
    .forUpdate()
    .skipLocked();
  const { numDeletedRows } = await kysely
    .deleteFrom("bulk_actions")
    .where(sql<boolean>`id = ANY (array(${expired}))`)
    .executeTakeFirst();
  return Number(numDeletedRows);
}

/** Deletes old deliveries, by id, which has their time in it; and listeners that ended without a word. */
async function forgetDeliveries({ kysely }: Database): Promise<number> {
  await kysely
    .deleteFrom("webhook_endpoints")
    .where("listened_at", "<", sql<string>`now() - make_interval(secs => ${WEBHOOK_LISTENER_MS / 1_000})`)
    .execute();
  const expired = kysely
    .selectFrom("webhook_deliveries")
    .select("id")
    .where("id", "<", earliestIdOf(new Date(Date.now() - WEBHOOK_LOG_DAYS * DAY_MS).toISOString()))
    .orderBy("id")
    .limit(EXPIRY_BATCH_MAX)
    .forUpdate()
    .skipLocked();
  const { numDeletedRows } = await kysely
    .deleteFrom("webhook_deliveries")
    .where(sql<boolean>`id = ANY (array(${expired}))`)
    .executeTakeFirst();
  return Number(numDeletedRows);
}

/**
 * Deletes one-off endpoints that no job has used for long, with no job left that could be told or retried. A
 * submission that finds one makes it used again before it is as old as that.
 */
async function forgetOrigins({ kysely }: Database): Promise<number> {
  const unused = kysely
    .selectFrom("webhook_endpoints as e")
    .select("e.id")
    .where("e.kind", "=", "one_off")
    .where("e.used_at", "<", daysAgo(WEBHOOK_ORIGIN_DAYS))
    .where((eb) =>
      eb.not(
        eb.exists(
          eb.selectFrom("job_webhooks as h").select("h.job_id").whereRef("h.endpoint_id", "=", "e.id"),
        ),
      ),
    )
    .limit(EXPIRY_BATCH_MAX)
    .forUpdate()
    .skipLocked();
  const { numDeletedRows } = await kysely
    .deleteFrom("webhook_endpoints")
    .where(sql<boolean>`id = ANY (array(${unused}))`)
    .executeTakeFirst();
  return Number(numDeletedRows);
}

function daysAgo(days: number) {
  return sql<string>`now() - make_interval(days => ${days})`;
}
