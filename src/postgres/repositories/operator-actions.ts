import { sql } from "kysely";
import type {
  BegunAction,
  EndedAction,
  OperatorAction,
  OperatorActionRepository,
  OperatorActionsPage,
} from "../../core/model/operator-action.ts";
import type { Database } from "../connection/database.ts";

const COLUMNS = sql.raw(
  "id, operator_id, operator_name, action, target_type, target_id, before, address, request_id",
);
const NOT_ANSWERED = "The process ended before it answered: it is not known whether this was done.";

export class PostgresOperatorActionRepository implements OperatorActionRepository {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async beginAll(actions: readonly BegunAction[]): Promise<void> {
    if (actions.length === 0) return;
    const rows = actions.map(({ before, ...action }) => ({ ...action, before: toJson(before) }));
    await this.#database.kysely.insertInto("begun_actions").values(rows).execute();
  }

  async endAll(actions: readonly EndedAction[]): Promise<void> {
    await sql`
      WITH ended AS (
        SELECT * FROM jsonb_to_recordset(${JSON.stringify(actions)}::jsonb) e (id uuid, target_id text, after jsonb)
      ), begun AS (
        DELETE FROM begun_actions b WHERE b.id = ANY (array(SELECT e.id FROM ended e)) RETURNING b.*
      )
      INSERT INTO operator_actions (${COLUMNS}, after)
      SELECT b.id, b.operator_id, b.operator_name, b.action, b.target_type, coalesce(b.target_id, e.target_id),
             b.before, b.address, b.request_id, e.after
        FROM begun b
        JOIN ended e USING (id)`.execute(this.#database.kysely);
  }

  async dropAll(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    await this.#database.kysely.deleteFrom("begun_actions").where("id", "in", ids).execute();
  }

  async endForgotten(age_ms: number): Promise<number> {
    const { numAffectedRows = 0n } = await sql`
      WITH begun AS (
        DELETE FROM begun_actions b
         WHERE b.begun_at < clock_timestamp() - ${`${age_ms} milliseconds`}::interval
        RETURNING b.*
      )
      INSERT INTO operator_actions (${COLUMNS}, after)
      SELECT b.id, b.operator_id, b.operator_name, b.action, b.target_type, b.target_id, b.before, b.address,
             b.request_id, ${JSON.stringify({ left_out: NOT_ANSWERED })}::jsonb
        FROM begun b`.execute(this.#database.kysely);
    return Number(numAffectedRows);
  }

  async list({ limit, before, from, to, ...filter }: OperatorActionsPage): Promise<OperatorAction[]> {
    let query = this.#database.kysely
      .selectFrom("operator_actions")
      .selectAll()
      .orderBy("id", "desc")
      .limit(limit);
    if (before !== undefined) query = query.where("id", "<", before);
    if (from !== undefined) query = query.where("at", ">=", from);
    if (to !== undefined) query = query.where("at", "<", to);
    for (const column of ["operator_name", "action", "target_type", "target_id"] as const) {
      const value = filter[column];
      if (value !== undefined) query = query.where(column, "=", value);
    }
    // What was stored is an object or null.
    return (await query.execute()) as OperatorAction[];
  }
}

/** As text: pg would send an array of objects as an array of PostgreSQL. */
function toJson(value: object | null) {
  return value === null ? null : sql<string>`${JSON.stringify(value)}::jsonb`;
}
