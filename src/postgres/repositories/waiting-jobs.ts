import { sql } from "kysely";
import { PRIORITIES, type Priority } from "../../core/model/job.ts";
import { COUNT_MAX, type QueueOverview, type WaitingJobRepository } from "../../core/model/waiting-jobs.ts";
import { plainArray } from "../connection/arrays.ts";
import type { Database } from "../connection/database.ts";

const PROMOTE_DUE = { name: "promote_due_jobs", text: "SELECT promote_due_jobs($1)" };
const UNSTAMP_LOST = {
  name: "unstamp_lost_jobs",
  text: "SELECT unstamp_lost_jobs($1::smallint, $2::bigint * interval '1 millisecond', $3::uuid[])",
};
const STAMP_BACKLOG = {
  name: "stamp_backlog",
  text: "SELECT job_id, next_cursor FROM stamp_backlog($1::smallint, $2, $3)",
};
const COUNT_STAMPED = {
  name: "count_stamped_jobs",
  text: "SELECT priority, stamped FROM count_stamped_jobs($1::bigint * interval '1 millisecond')",
};

const UNPARK = { name: "unpark_jobs", text: "SELECT unpark_jobs($1)" };
const AGE = {
  name: "age_jobs",
  text: "SELECT aged, next_cursor FROM age_jobs($1::smallint, $2::bigint * interval '1 millisecond', $3, $4)",
};

export class PostgresWaitingJobRepository implements WaitingJobRepository {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async promoteDue(max: number): Promise<number> {
    const [row] = await this.#database.call<[number]>(PROMOTE_DUE, [max]);
    return row?.[0] ?? 0;
  }

  async countStamped(older_ms: number): Promise<Record<Priority, number>> {
    const rows = await this.#database.call<[Priority, number]>(COUNT_STAMPED, [older_ms]);
    const counts: Record<Priority, number> = { 0: 0, 1: 0, 2: 0 };
    for (const [priority, count] of rows) counts[priority] = count;
    return counts;
  }

  async unstampMissing(missing: {
    priority: Priority;
    older_ms: number;
    present: readonly string[];
  }): Promise<number> {
    const [row] = await this.#database.call<[number]>(UNSTAMP_LOST, [
      missing.priority,
      missing.older_ms,
      plainArray(missing.present),
    ]);
    return row?.[0] ?? 0;
  }

  async stampBacklog(take: {
    priority: Priority;
    max: number;
    after: string | undefined;
  }): Promise<{ ids: string[]; cursor: string | undefined }> {
    const rows = await this.#database.call<[string, string]>(STAMP_BACKLOG, [
      take.priority,
      take.max,
      take.after ?? null,
    ]);
    return { ids: rows.map(([id]) => id), cursor: rows[0]?.[1] };
  }

  async unpark(max: number): Promise<number> {
    const [row] = await this.#database.call<[number]>(UNPARK, [max]);
    return row?.[0] ?? 0;
  }

  async age(take: {
    priority: Priority;
    after_ms: number;
    max: number;
    after: string | undefined;
  }): Promise<{ aged: number; cursor: string | undefined }> {
    const [row] = await this.#database.call<[number, string | null]>(AGE, [
      take.priority,
      take.after_ms,
      take.max,
      take.after ?? null,
    ]);
    return { aged: row?.[0] ?? 0, cursor: row?.[1] ?? undefined };
  }

  async setPaused(paused: boolean): Promise<void> {
    const { kysely } = this.#database;
    if (paused)
      await kysely
        .insertInto("queue_pause")
        .defaultValues()
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    else await kysely.deleteFrom("queue_pause").execute();
  }

  async pausedAt(): Promise<string | null> {
    const row = await this.#database.kysely.selectFrom("queue_pause").select("paused_at").executeTakeFirst();
    return row?.paused_at ?? null;
  }

  async oldestWait(priority: Priority): Promise<number | undefined> {
    const { rows } = await sql<{ seconds: number }>`
      SELECT round(extract(epoch FROM clock_timestamp() - j.run_at)::numeric, 3)::float8 AS seconds
        FROM (SELECT q.job_id FROM job_queue q WHERE q.priority = ${priority} ORDER BY q.job_id LIMIT 1) q JOIN jobs j ON j.id = q.job_id`.execute(
      this.#database.kysely,
    );
    return rows[0]?.seconds;
  }

  async overview(): Promise<QueueOverview[]> {
    const { rows } = await sql<QueueOverview>`
      SELECT p.priority, ready.jobs AS ready, backlog.jobs AS backlog, scheduled.jobs AS scheduled, parked.jobs AS parked, oldest.seconds AS oldest_wait_seconds
        FROM unnest(${plainArray(PRIORITIES)}::smallint[]) p (priority)
        CROSS JOIN LATERAL (SELECT count(*) AS jobs FROM (SELECT FROM job_queue q WHERE q.priority = p.priority AND q.enqueued_at IS NOT NULL LIMIT ${COUNT_MAX}) q) ready
        CROSS JOIN LATERAL (SELECT count(*) AS jobs FROM (SELECT FROM job_queue q WHERE q.priority = p.priority AND q.enqueued_at IS NULL LIMIT ${COUNT_MAX}) q) backlog
        CROSS JOIN LATERAL (SELECT count(*) AS jobs FROM (SELECT FROM job_schedule s WHERE s.priority = p.priority LIMIT ${COUNT_MAX}) s) scheduled
        CROSS JOIN LATERAL (SELECT count(*) AS jobs FROM (SELECT FROM job_parked k WHERE k.priority = p.priority LIMIT ${COUNT_MAX}) k) parked
        LEFT JOIN LATERAL (
          SELECT round(extract(epoch FROM clock_timestamp() - j.run_at)::numeric, 3)::float8 AS seconds
            FROM (SELECT w.job_id FROM job_queue w WHERE w.priority = p.priority ORDER BY w.job_id LIMIT 1) w JOIN jobs j ON j.id = w.job_id) oldest ON true
       ORDER BY p.priority`.execute(this.#database.kysely);
    return rows;
  }
}
