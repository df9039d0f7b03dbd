import { sql } from "kysely";
import {
  EventNumbers,
  firstEvents,
  type EventPage,
  type EventRange,
  type JobEventRepository,
  type JobOutline,
  type ToldRow,
} from "../../core/model/job-event.ts";
import type { LogPosition } from "../../core/model/job-log.ts";
import type { Database } from "../connection/database.ts";
import { selectOutlines, toOutline } from "./job-outlines.ts";

export class PostgresJobEventRepository implements JobEventRepository {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async list(id: string, range: EventRange, owner?: string): Promise<EventPage | undefined> {
    const { after } = range;
    const job = await this.#findOutline(id, owner);
    if (!job) return undefined;
    const numbers = new EventNumbers(job);
    const { rows, isCut } = await this.#listRows(id, job.attempt, numbers.positionOf(after), range);
    const found = numbers.after(after, rows, isCut);
    const events = firstEvents(found, range);
    return { events, more: isCut || events.length < found.length, ended: numbers.hasEnded };
  }

  async #findOutline(id: string, owner: string | undefined): Promise<JobOutline | undefined> {
    let query = selectOutlines(this.#database).where("id", "=", id);
    if (owner !== undefined) query = query.where("customer_id", "=", owner);
    const row = await query.executeTakeFirst();
    return row && toOutline(row);
  }

  /** The rows behind `from`, as `firstEvents` cuts them; `isCut` when there are more. */
  async #listRows(
    id: string,
    attemptMax: number,
    from: LogPosition,
    { limit, characters }: EventRange,
  ): Promise<{ rows: ToldRow[]; isCut: boolean }> {
    const { rows } = await sql<ToldRow & { readonly looked: number }>`
      SELECT attempt, seq, at, level, fraction, message, looked
        FROM (
          SELECT g.*,
                 count(*) OVER ()::int AS looked,
                 row_number() OVER told AS n,
                 sum(coalesce(length(g.message), 0)) OVER told - coalesce(length(g.message), 0) AS before
            FROM (
              SELECT attempt, seq, at, level, fraction, message
                FROM job_log
               WHERE job_id = ${id}
                 AND attempt <= ${attemptMax}
                 AND (attempt, seq) > (${from.attempt}::int, ${from.seq}::int)
               ORDER BY attempt, seq
               LIMIT ${limit + 1}
            ) g
          WINDOW told AS (ORDER BY g.attempt, g.seq)
        ) l
       WHERE n = 1 OR (n <= ${limit} AND before < coalesce(${characters ?? null}::int, before + 1))
       ORDER BY attempt, seq`.execute(this.#database.kysely);
    return { rows, isCut: rows.length < (rows[0]?.looked ?? 0) };
  }
}
