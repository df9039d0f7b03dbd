import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "kysely";
import { PlatformError } from "../../core/lib/errors.ts";
import type { ArrivalPosition } from "../../core/model/arrival-position.ts";
import type { Job, JobFilter } from "../../core/model/job.ts";
import { ARRIVAL_MARK_MS, ARRIVALS_AGE_MAX_MS, LATE_IDS_DAYS } from "../../core/model/limits.ts";
import type { Database } from "../connection/database.ts";
import { onlyRow } from "../connection/decode.ts";
import { filterJobs, selectJobs, toJob } from "../hot/stored-jobs.ts";

const FIRST_ID = "00000000-0000-0000-0000-000000000000";
const DAY_MS = 24 * 60 * 60 * 1_000;
const MARK_PAUSE_MS = 10;

/** The transactions of a moment. */
interface Snapshot {
  /** All before it have ended. */
  readonly oldest: string;
  /** None from it on has begun. */
  readonly next: string;
  readonly at_ms: number;
}

/** Reads jobs in the order in which they arrive. See `ArrivalPosition` and ADR 26. */
export async function listArrivals(
  database: Database,
  filter: JobFilter,
  { limit, after }: { readonly limit: number; readonly after?: ArrivalPosition | undefined },
): Promise<{ jobs: Job[]; position: ArrivalPosition }> {
  const position = await openRound(database, after ?? (await beginning(database)));
  const { from, round } = position;
  if (from === round.below) return { jobs: [], position: endRound(position) };
  const rows = await filterJobs(selectJobs(database), filter, "asc")
    .where("id", ">", round.id)
    .where(sql<boolean>`created_xid >= ${from}::xid8`)
    .where(sql<boolean>`created_xid < ${round.below}::xid8`)
    .limit(limit)
    .execute();
  const last = rows.at(-1);
  const full = last !== undefined && rows.length === limit;
  return {
    jobs: rows.map(toJob),
    position: full ? { ...position, round: { ...round, id: last.id } } : endRound(position),
  };
}

/**
 * The position before all jobs. Waits a moment for the transactions that run just now: once they have ended,
 * the next round need not look through all ids.
 */
async function beginning(database: Database): Promise<ArrivalPosition> {
  const first = await readSnapshot(database);
  const mark = { transaction: first.next, at_ms: first.at_ms };
  const until = performance.now() + ARRIVAL_MARK_MS;
  for (let now = first; ; now = await readSnapshot(database)) {
    if (BigInt(now.oldest) >= BigInt(mark.transaction) || performance.now() >= until)
      return { from: "0", since_ms: 0, mark, round: { below: now.oldest, id: FIRST_ID } };
    await sleep(MARK_PAUSE_MS);
  }
}

type InRound = ArrivalPosition & { readonly round: NonNullable<ArrivalPosition["round"]> };

async function openRound(database: Database, position: ArrivalPosition): Promise<InRound> {
  const { from, round } = position;
  if (round) return { ...position, round };
  const now = await readSnapshot(database);
  if (BigInt(from) > BigInt(now.next)) throw ofAnotherDatabase();
  const reached = BigInt(position.mark.transaction) <= BigInt(from);
  const since_ms = reached ? position.mark.at_ms : position.since_ms;
  const mark = reached ? { transaction: now.next, at_ms: now.at_ms } : position.mark;
  const id = await firstIdOf(database, { from, below: now.oldest, since_ms, now_ms: now.at_ms });
  return { from, since_ms, mark, round: { below: now.oldest, id } };
}

/** The next round begins where this one ended. */
function endRound({ round, since_ms, mark }: InRound): ArrivalPosition {
  return { from: round.below, since_ms, mark };
}

async function readSnapshot({ kysely }: Database): Promise<Snapshot> {
  // statement_timestamp() is not after the snapshot of the statement.
  const { rows } = await sql<Snapshot>`
    SELECT
      pg_snapshot_xmin(s)::text AS oldest,
      pg_snapshot_xmax(s)::text AS next,
      floor(extract(epoch FROM statement_timestamp()) * 1000)::bigint AS at_ms
      FROM pg_current_snapshot() s`.execute(kysely);
  return onlyRow("pg_current_snapshot", rows);
}

/** An id that is below those of all jobs of a round. */
async function firstIdOf(
  { kysely }: Database,
  span: { from: string; below: string; since_ms: number; now_ms: number },
): Promise<string> {
  // Late ids of before were forgotten: look through all.
  if (span.since_ms < span.now_ms - LATE_IDS_DAYS * DAY_MS) return FIRST_ID;
  const late = await kysely
    .selectFrom("late_ids")
    .select("first_id")
    .where(sql<boolean>`created_xid >= ${span.from}::xid8`)
    .where(sql<boolean>`created_xid < ${span.below}::xid8`)
    .orderBy("first_id")
    .limit(1)
    .executeTakeFirst();
  const usual = startOf((span.since_ms - ARRIVALS_AGE_MAX_MS).toString(16).padStart(12, "0"));
  const first = late && startOf(late.first_id.replaceAll("-", ""));
  return first !== undefined && first < usual ? first : usual;
}

/** The smallest id of the millisecond in which another was created. */
function startOf(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}${FIRST_ID.slice(13)}`;
}

function ofAnotherDatabase(): PlatformError {
  return new PlatformError(
    "validation_failed",
    "after is from before the database was restored. Start again without it.",
    { errors: [{ pointer: "/after", message: "is from before the database was restored" }] },
  );
}
