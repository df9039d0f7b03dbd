import { sql } from "kysely";
import {
  EventNumbers,
  type EventPage,
  type JobEventRepository,
  type JobOutline,
} from "../../core/model/job-event.ts";
import type { AttemptError, JobError } from "../../core/model/job.ts";
import type { Database } from "../connection/database.ts";

export class PostgresJobEventRepository implements JobEventRepository {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async list(
    id: string,
    { after, limit }: { readonly after: number; readonly limit: number },
    owner?: string,
  ): Promise<EventPage | undefined> {
    const job = await this.#findOutline(id, owner);
    if (!job) return undefined;
    const numbers = new EventNumbers(job);
    const rows = await this.#listRows(id, job.attempt, numbers.positionOf(after), limit + 1);
    const more = rows.length > limit;
    return {
      events: numbers.after(after, rows.slice(0, limit), more),
      more,
      ended: numbers.hasEnded,
    };
  }

  /** One statement: what it says of an attempt that has ended is the end of it. */
  async #findOutline(id: string, owner: string | undefined): Promise<JobOutline | undefined> {
    let query = this.#database.kysely
      .selectFrom("jobs")
      .select(["status", "attempt", "cost_cents"])
      // As in stored-jobs.ts: only settle_jobs and rescue_jobs write them.
      .select([sql<JobError | null>`error`.as("error"), sql<AttemptError[] | null>`errors`.as("errors")])
      .select(["created_at", "started_at", "completed_at"])
      .select(
        sql<Record<string, number> | null>`(
          SELECT jsonb_object_agg(l.attempt, l.last)
            FROM (SELECT attempt, max(seq) AS last FROM job_log WHERE job_id = jobs.id GROUP BY attempt) l
        )`.as("lastSeqs"),
      )
      .where("id", "=", id);
    if (owner !== undefined) query = query.where("customer_id", "=", owner);
    const row = await query.executeTakeFirst();
    if (!row) return undefined;
    const { lastSeqs, errors, ...outline } = row;
    return {
      ...outline,
      errors: errors ?? [],
      lastSeqs: new Map(Object.entries(lastSeqs ?? {}).map(([attempt, last]) => [Number(attempt), last])),
    };
  }

  async #listRows(id: string, attemptMax: number, from: { attempt: number; seq: number }, limit: number) {
    return await this.#database.kysely
      .selectFrom("job_log")
      .select(["attempt", "seq", "at", "level", "fraction", "message"])
      .where("job_id", "=", id)
      .where("attempt", "<=", attemptMax)
      .where(sql<boolean>`(attempt, seq) > (${from.attempt}::int, ${from.seq}::int)`)
      .orderBy("attempt")
      .orderBy("seq")
      .limit(limit)
      .execute();
  }
}
