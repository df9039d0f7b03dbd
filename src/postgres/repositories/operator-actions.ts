import { sql } from "kysely";
import type {
  NewOperatorAction,
  OperatorAction,
  OperatorActionRepository,
  OperatorActionsPage,
} from "../../core/model/operator-action.ts";
import type { Database } from "../connection/database.ts";

export class PostgresOperatorActionRepository implements OperatorActionRepository {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async addAll(actions: readonly NewOperatorAction[]): Promise<void> {
    if (actions.length === 0) return;
    const rows = actions.map(({ before, after, ...action }) => ({
      ...action,
      before: toJson(before),
      after: toJson(after),
    }));
    await this.#database.kysely.insertInto("operator_actions").values(rows).execute();
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
    // What `addAll` stored is an object or null.
    return (await query.execute()) as OperatorAction[];
  }
}

/** As text: pg would send an array of objects as an array of PostgreSQL. */
function toJson(value: object | null) {
  return value === null ? null : sql<string>`${JSON.stringify(value)}::jsonb`;
}
