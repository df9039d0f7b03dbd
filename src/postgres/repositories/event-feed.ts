import { sql } from "kysely";
import { PlatformError } from "../../core/lib/errors.ts";
import {
  WHOLE_ROW,
  type EventFeedRepository,
  type FeedPage,
  type FeedPosition,
  type PlacedEvent,
} from "../../core/model/event-feed.ts";
import { EventNumbers, firstEvents } from "../../core/model/job-event.ts";
import { FEED_DAYS } from "../../core/model/limits.ts";
import { plainArray } from "../connection/arrays.ts";
import type { Database } from "../connection/database.ts";
import { onlyRow } from "../connection/decode.ts";
import { ATTEMPTS_THAT_FAILED, selectOutlines, toOutline } from "./job-outlines.ts";

const DAY_MICROS = 24 * 60 * 60 * 1_000_000;
/** Rows without a job to show: the one that was read to its end, and the first of all. */
const NO_JOBS_ROWS = 2;
const BEGINNING: FeedPosition = { seq: 0, nth: WHOLE_ROW };

/** A job of the feed, and its place. */
interface FedJob extends FeedPosition {
  readonly id: string;
}

/** The feed as one statement saw it. */
interface FeedState {
  readonly oldest: number;
  readonly newest: number;
  readonly nowMicros: number;
}

export class PostgresEventFeedRepository implements EventFeedRepository {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async list(
    range: { after?: FeedPosition | undefined; limit: number; characters?: number | undefined },
    owner?: string,
  ): Promise<FeedPage> {
    const after = range.after ?? BEGINNING;
    const { state, jobs } = await this.#listJobs(after, range.limit + 1, owner);
    if (range.after) refuseLost(after, state);
    const found = await this.#findEvents(jobs.slice(0, range.limit));
    const { length } = firstEvents(
      found.map(({ event }) => event),
      range,
    );
    const events = found.slice(0, length);
    const isCut = length < found.length;
    const more = isCut || jobs.length > range.limit;
    const last = isCut ? events.at(-1)?.position : jobs[range.limit - 1];
    const end = { seq: state.newest, nth: WHOLE_ROW };
    return { events, more, position: more && last ? { seq: last.seq, nth: last.nth } : end };
  }

  async end(): Promise<FeedPosition> {
    const { rows } = await sql<{ newest: number }>`SELECT max(seq) AS newest FROM event_feed`.execute(
      this.#database.kysely,
    );
    return { seq: onlyRow("event_feed", rows).newest, nth: WHOLE_ROW };
  }

  async grownSince(
    seq: number,
    customers: readonly string[],
  ): Promise<{ end: FeedPosition; customers: ReadonlySet<string> }> {
    const { rows } = await sql<{ newest: number; grown: string[] }>`
      SELECT (SELECT max(seq) FROM event_feed) AS newest,
             array(
               SELECT DISTINCT customer_id
                 FROM event_feed
                WHERE seq > ${seq}::bigint AND customer_id = ANY (${plainArray(customers)}::uuid[])
             ) AS grown`.execute(this.#database.kysely);
    const { newest, grown } = onlyRow("event_feed", rows);
    return { end: { seq: newest, nth: WHOLE_ROW }, customers: new Set(grown) };
  }

  /** The next jobs behind a place, and what the same statement saw of the whole feed. */
  async #listJobs(
    { seq, nth }: FeedPosition,
    limit: number,
    owner: string | undefined,
  ): Promise<{ state: FeedState; jobs: FedJob[] }> {
    const ofOwner = owner === undefined ? sql`` : sql`AND customer_id = ${owner}::uuid`;
    const { rows } = await sql<FeedState & { [Name in keyof FedJob]: FedJob[Name] | null }>`
      SELECT (SELECT min(seq) FROM event_feed) AS oldest,
             (SELECT max(seq) FROM event_feed) AS newest,
             floor(extract(epoch FROM now()) * 1000000)::bigint AS "nowMicros",
             f.seq, f.nth::int, f.id
        FROM (SELECT) one
        LEFT JOIN (
          SELECT r.seq, i.nth, i.id
            FROM (
              SELECT seq, job_ids
                FROM event_feed
               WHERE seq >= ${seq}::bigint ${ofOwner}
               ORDER BY seq
               LIMIT ${limit + NO_JOBS_ROWS}
            ) r
           CROSS JOIN LATERAL unnest(r.job_ids) WITH ORDINALITY i (id, nth)
           WHERE (r.seq, i.nth) > (${seq}::bigint, ${nth}::bigint)
           ORDER BY r.seq, i.nth
           LIMIT ${limit}
        ) f ON true
       ORDER BY f.seq, f.nth`.execute(this.#database.kysely);
    const [state] = rows;
    if (!state) throw new Error("the feed has no state");
    return {
      state,
      jobs: rows.flatMap(({ seq: at, nth: place, id }) =>
        at === null || place === null || id === null ? [] : [{ seq: at, nth: place, id }],
      ),
    };
  }

  async #findEvents(jobs: readonly FedJob[]): Promise<PlacedEvent[]> {
    if (jobs.length === 0) return [];
    const rows = await selectOutlines(this.#database, ATTEMPTS_THAT_FAILED)
      .select(["id", "customer_id", "job_type_id"])
      .where(sql<boolean>`id = ANY (${plainArray(jobs.map(({ id }) => id))}::uuid[])`)
      .execute();
    const byId = new Map(rows.map((row) => [row.id, row]));
    return jobs.flatMap(({ id, seq, nth }) => {
      const row = byId.get(id);
      if (!row) return [];
      const { id: job_id, customer_id, job_type_id, ...outline } = row;
      const done = new EventNumbers(toOutline(outline)).done;
      return done ? [{ event: { ...done, job_id, customer_id, job_type_id }, position: { seq, nth } }] : [];
    });
  }
}

/** What came right after an old place may have been forgotten. */
function refuseLost({ seq }: FeedPosition, { oldest, newest, nowMicros }: FeedState): void {
  if (seq > newest) throw lost("is from before the database was restored");
  if (seq < oldest && seq < nowMicros - FEED_DAYS * DAY_MICROS)
    throw lost(`is older than the ${FEED_DAYS} days that events are kept`);
}

function lost(message: string): PlatformError {
  return new PlatformError(
    "validation_failed",
    `Last-Event-ID (after) ${message}. Start again without it, and look at GET /jobs for what ended before.`,
    { errors: [{ pointer: "/last-event-id", message }] },
  );
}
