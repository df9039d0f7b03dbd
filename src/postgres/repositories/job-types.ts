import { sql } from "kysely";
import { PlatformError } from "../../core/lib/errors.ts";
import { DEFAULT_CURRENCY } from "../../core/model/currency.ts";
import {
  JOB_TYPE_DEFAULTS,
  type JobType,
  type JobTypeChanges,
  type JobTypeRepository,
  type NewJobType,
} from "../../core/model/job-type.ts";
import type { Page } from "../../core/model/page.ts";
import type { Database } from "../connection/database.ts";
import { isViolationOf } from "../connection/errors.ts";
import { definedOnly } from "./defined-only.ts";

export class PostgresJobTypeRepository implements JobTypeRepository {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async create(jobType: NewJobType): Promise<JobType> {
    return await refusingTakenName(jobType.name, () =>
      this.#database.kysely
        .insertInto("job_types")
        .values({
          id: jobType.id,
          name: jobType.name,
          processing_logic_id: jobType.processing_logic_id,
          standard_cost_cents: jobType.standard_cost_cents,
          currency: jobType.currency ?? DEFAULT_CURRENCY,
          enabled: jobType.enabled ?? true,
          max_attempts: jobType.max_attempts ?? JOB_TYPE_DEFAULTS.max_attempts,
          timeout_seconds: jobType.timeout_seconds ?? JOB_TYPE_DEFAULTS.timeout_seconds,
          input_schema: toJson(jobType.input_schema),
        })
        .returningAll()
        .executeTakeFirstOrThrow(),
    );
  }

  async findById(id: string): Promise<JobType | undefined> {
    const [jobType] = await this.findByIds([id]);
    return jobType;
  }

  async findByIds(ids: readonly string[]): Promise<JobType[]> {
    if (ids.length === 0) return [];
    return await this.#database.kysely.selectFrom("job_types").selectAll().where("id", "in", ids).execute();
  }

  async list(page: Page): Promise<JobType[]> {
    let query = this.#database.kysely
      .selectFrom("job_types")
      .selectAll()
      .orderBy("id", "desc")
      .limit(page.limit);
    if (page.before !== undefined) query = query.where("id", "<", page.before);
    return await query.execute();
  }

  async update(id: string, changes: JobTypeChanges): Promise<JobType | undefined> {
    const { input_schema, ...columns } = changes;
    return await refusingTakenName(changes.name ?? "", () =>
      this.#database.kysely
        .updateTable("job_types")
        .set({
          ...definedOnly(columns),
          ...(input_schema === undefined ? {} : { input_schema: toJson(input_schema) }),
          updated_at: sql`now()`,
        })
        .where("id", "=", id)
        .returningAll()
        .executeTakeFirst(),
    );
  }

  async setPaused(id: string, paused: boolean): Promise<JobType | undefined> {
    return await this.#database.kysely
      .updateTable("job_types")
      .set({ paused_at: paused ? sql`coalesce(paused_at, now())` : null })
      .where("id", "=", id)
      .returningAll()
      .executeTakeFirst();
  }
}

/**
 * `pg` would send an array as a PostgreSQL array and a string unquoted; JSON text is what the column wants.
 */
function toJson(value: unknown): string | null {
  return value === undefined || value === null ? null : JSON.stringify(value);
}

async function refusingTakenName<T>(name: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (!isViolationOf(error, "job_types_name_taken")) throw error;
    throw new PlatformError("name_taken", `A job type named "${name}" exists already. Choose another name.`, {
      errors: [{ pointer: "/name", message: "is in use" }],
    });
  }
}
