import { sql } from "kysely";
import {
  LOG_LEVELS,
  type JobLogRepository,
  type LogFilter,
  type LogPosition,
  type StoredLogLine,
  type Told,
} from "../../core/model/job-log.ts";
import { orNull, plainArray } from "../connection/arrays.ts";
import type { Database } from "../connection/database.ts";
import { callWriteJobLog } from "../connection/functions.gen.ts";

export class PostgresJobLogRepository implements JobLogRepository {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async write(told: readonly Told[]): Promise<void> {
    if (told.length === 0) return;
    await callWriteJobLog(this.#database, {
      ids: told.map(({ id }) => id),
      attempts: told.map(({ attempt }) => attempt),
      seqs: told.map(({ seq }) => seq),
      ats: told.map(({ at }) => at),
      levels: orNull(told.map(({ level }) => level)),
      fractions: orNull(told.map(({ fraction }) => fraction)),
      messages: told.map(({ message }) => message),
    });
  }

  async list(
    id: string,
    filter: LogFilter,
    page: { readonly limit: number; readonly after?: LogPosition | undefined },
    owner?: string,
  ): Promise<StoredLogLine[] | undefined> {
    const { kysely } = this.#database;
    let found = kysely.selectFrom("jobs").select("id").where("id", "=", id);
    if (owner !== undefined) found = found.where("customer_id", "=", owner);
    if ((await found.executeTakeFirst()) === undefined) return undefined;
    let query = kysely
      .selectFrom("job_log")
      .select(["attempt", "seq", "at", "level", "message"])
      .where("job_id", "=", id)
      .where("level", "is not", null)
      .orderBy("attempt")
      .orderBy("seq")
      .limit(page.limit);
    if (filter.attempt !== undefined) query = query.where("attempt", "=", filter.attempt);
    if (filter.level !== undefined) {
      const levels = LOG_LEVELS.slice(LOG_LEVELS.indexOf(filter.level));
      query = query.where(sql<boolean>`level = ANY (${plainArray(levels)}::log_level[])`);
    }
    if (page.after) {
      const { attempt, seq } = page.after;
      query = query.where(sql<boolean>`(attempt, seq) > (${attempt}::int, ${seq}::int)`);
    }
    return (await query.execute()).flatMap(({ attempt, seq, at, level, message }) =>
      level === null ? [] : [{ at, attempt, level, message: message ?? "", position: { attempt, seq } }],
    );
  }
}
