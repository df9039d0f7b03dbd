import { sql } from "kysely";
import { databaseClock } from "../../core/lib/database-clock.ts";
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
import type { Json } from "../connection/tables.gen.ts";
import { definedOnly } from "./defined-only.ts";

const SERVED =
  sql<boolean>`EXISTS (SELECT FROM runners r WHERE serves(r, job_types) AND r.draining_at IS NULL)`.as(
    "served",
  );

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
          running_limit: jobType.running_limit ?? null,
        })
        .returningAll()
        .returning(SERVED)
        .returning(processorInputSchema)
        .executeTakeFirstOrThrow(),
    );
  }

  async findById(id: string): Promise<JobType | undefined> {
    const [jobType] = await this.findByIds([id]);
    return jobType;
  }

  async findByIds(ids: readonly string[]): Promise<JobType[]> {
    if (ids.length === 0) return [];
    // The cache of job types asks each second when jobs are submitted: that keeps the clock right by which their
    // ids are created.
    const asked_at = performance.now();
    const rows = await this.#database.kysely
      .selectFrom("job_types")
      .selectAll()
      .select(SERVED)
      .select(processorInputSchema)
      .select(sql<number>`(extract(epoch FROM clock_timestamp()) * 1000)::float8`.as("database_ms"))
      .where("id", "in", ids)
      .execute();
    const answered_at = performance.now();
    return rows.map(({ database_ms, ...jobType }) => {
      databaseClock.read({ database_ms, asked_at, answered_at });
      return jobType;
    });
  }

  async list(page: Page): Promise<JobType[]> {
    let query = this.#database.kysely
      .selectFrom("job_types")
      .selectAll()
      .select(SERVED)
      .select(processorInputSchema)
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
        .returning(SERVED)
        .returning(processorInputSchema)
        .executeTakeFirst(),
    );
  }

  async setPaused(id: string, paused: boolean): Promise<JobType | undefined> {
    return await this.#database.kysely
      .updateTable("job_types")
      .set({ paused_at: paused ? sql`coalesce(paused_at, now())` : null })
      .where("id", "=", id)
      .returningAll()
      .returning(SERVED)
      .returning(processorInputSchema)
      .executeTakeFirst();
  }
}

/** What runners registered of a job type's processor. */
const processorInputSchema = sql<Json | null>`(
  SELECT input_schema
  FROM processor_schemas
  WHERE processor_schemas.processing_logic_id = job_types.processing_logic_id
)`.as("processor_input_schema");

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
