import { sql } from "kysely";
import { COUNT_MAX } from "../../core/model/limits.ts";
import { PRIORITIES, type Priority } from "../../core/model/job.ts";
import type { QueueOverview, UnservedJobType, WaitingJobRepository } from "../../core/model/waiting-jobs.ts";
import { plainArray } from "../connection/arrays.ts";
import type { Database } from "../connection/database.ts";
import { onlyRow } from "../connection/decode.ts";
import {
  callAgeJobs,
  callCountStampedJobs,
  callPromoteDueJobs,
  callStampBacklog,
  callUnparkJobs,
  callUnstampLostJobs,
} from "../connection/functions.gen.ts";

export class PostgresWaitingJobRepository implements WaitingJobRepository {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async promoteDue(max: number): Promise<number> {
    return await callPromoteDueJobs(this.#database, { limit: max });
  }

  async countStamped(older_ms: number): Promise<Record<Priority, number>> {
    const rows = await callCountStampedJobs(this.#database, { older: `${older_ms} milliseconds` });
    const counts: Record<Priority, number> = { 0: 0, 1: 0, 2: 0 };
    for (const { priority, stamped } of rows) counts[priority] = stamped;
    return counts;
  }

  async unstampMissing(missing: {
    priority: Priority;
    older_ms: number;
    present: readonly string[];
  }): Promise<number> {
    return await callUnstampLostJobs(this.#database, {
      priority: missing.priority,
      older: `${missing.older_ms} milliseconds`,
      present: missing.present,
    });
  }

  async stampBacklog(take: {
    priority: Priority;
    max: number;
    after: string | undefined;
  }): Promise<{ ids: string[]; cursor: string | undefined }> {
    const rows = await callStampBacklog(this.#database, {
      priority: take.priority,
      limit: take.max,
      after: take.after ?? null,
    });
    return { ids: rows.map((row) => row.job_id), cursor: rows[0]?.next_cursor };
  }

  async unpark(max: number): Promise<number> {
    return await callUnparkJobs(this.#database, { limit: max });
  }

  async age(take: {
    priority: Priority;
    after_ms: number;
    max: number;
    after: string | undefined;
  }): Promise<{ aged: number; cursor: string | undefined }> {
    const rows = await callAgeJobs(this.#database, {
      priority: take.priority,
      after: `${take.after_ms} milliseconds`,
      limit: take.max,
      cursor: take.after ?? null,
    });
    const { aged, next_cursor } = onlyRow("age_jobs", rows);
    return { aged, cursor: next_cursor ?? undefined };
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
        CROSS JOIN LATERAL (SELECT (SELECT count(*) FROM (SELECT FROM job_queue q WHERE q.priority = p.priority AND q.enqueued_at IS NULL LIMIT ${COUNT_MAX}) q) + (SELECT count(*) FROM job_alone a WHERE a.priority = p.priority) AS jobs) backlog
        CROSS JOIN LATERAL (SELECT count(*) AS jobs FROM (SELECT FROM job_schedule s WHERE s.priority = p.priority LIMIT ${COUNT_MAX}) s) scheduled
        CROSS JOIN LATERAL (SELECT count(*) AS jobs FROM (SELECT FROM job_parked k WHERE k.priority = p.priority LIMIT ${COUNT_MAX}) k) parked
        LEFT JOIN LATERAL (
          SELECT round(extract(epoch FROM clock_timestamp() - j.run_at)::numeric, 3)::float8 AS seconds
            FROM (SELECT w.job_id FROM job_queue w WHERE w.priority = p.priority ORDER BY w.job_id LIMIT 1) w JOIN jobs j ON j.id = w.job_id) oldest ON true
       ORDER BY p.priority`.execute(this.#database.kysely);
    return rows;
  }

  async unserved(): Promise<UnservedJobType[]> {
    const { rows } = await sql<UnservedJobType>`
      SELECT t.id AS job_type_id, t.name, t.processing_logic_id, w.waiting
        FROM (SELECT q.job_type_id, count(*) AS waiting FROM (SELECT job_type_id FROM job_queue LIMIT ${COUNT_MAX}) q GROUP BY 1) w
        JOIN job_types t ON t.id = w.job_type_id
       WHERE NOT EXISTS (SELECT FROM runners r WHERE serves(r, t) AND r.draining_at IS NULL)
       ORDER BY t.name`.execute(this.#database.kysely);
    return rows;
  }
}
