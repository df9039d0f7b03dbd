import { sql } from "kysely";
import type { Priority } from "../../core/model/job.ts";
import type { Drain, NewRunner, Rescued, RunnerInfo, RunnerRepository } from "../../core/model/runner.ts";
import type { Database } from "../connection/database.ts";
import { onlyRow } from "../connection/decode.ts";
import { callMustRunDry, callRescueJobs } from "../connection/functions.gen.ts";

/** By its leases: each job once, however often it was claimed. */
const RUNNING = sql<number>`(
  SELECT count(*)
    FROM (SELECT DISTINCT unnest(l.job_ids) AS id FROM leases l WHERE l.runner_id = runners.id) r
    JOIN jobs j ON j.id = r.id AND j.status = 'running' AND j.runner_id = runners.id
)`.as("running");

export class PostgresRunnerRepository implements RunnerRepository {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async register({ drain, ...runner }: NewRunner): Promise<void> {
    await this.#database.kysely
      .insertInto("runners")
      .values({
        ...runner,
        processor_ids: runner.processor_ids ? [...runner.processor_ids] : null,
        restricted_to: runner.restricted_to ? [...runner.restricted_to] : null,
        priorities: runner.priorities ? [...runner.priorities] : null,
        draining_at: drain ? sql<string>`now()` : null,
        exits_when_drained: drain?.exits ?? false,
      })
      .onConflict((same) => same.doNothing())
      .execute();
  }

  async setProcessors(id: string, processor_ids: readonly string[]): Promise<void> {
    await this.#database.kysely
      .updateTable("runners")
      .set({ processor_ids: [...processor_ids] })
      .where("id", "=", id)
      .execute();
  }

  async deregister(id: string): Promise<void> {
    await this.#database.kysely.deleteFrom("runners").where("id", "=", id).execute();
  }

  async list(): Promise<RunnerInfo[]> {
    return await this.#select().orderBy("started_at").execute();
  }

  async findById(id: string): Promise<RunnerInfo | undefined> {
    return await this.#select().where("id", "=", id).executeTakeFirst();
  }

  async setDrain(id: string, drain: Drain | undefined): Promise<boolean> {
    const { numUpdatedRows } = await this.#database.kysely
      .updateTable("runners")
      .set({
        draining_at: drain ? sql<string>`coalesce(draining_at, now())` : null,
        exits_when_drained: drain?.exits ?? false,
      })
      .where("id", "=", id)
      .executeTakeFirst();
    return numUpdatedRows > 0n;
  }

  #select() {
    return this.#database.kysely
      .selectFrom("runners")
      .select(["id", "host", "version", "slots", "started_at", "heartbeat_at"])
      .select(["draining_at", "exits_when_drained"])
      .select(RUNNING)
      .select(sql<string[] | null>`to_jsonb(processor_ids)`.as("processor_ids"))
      .select(sql<string[] | null>`to_jsonb(restricted_to)`.as("restricted_to"))
      .select(sql<Priority[] | null>`to_jsonb(priorities)`.as("priorities"));
  }

  async mustRunDry(id: string, after_ms: number): Promise<boolean> {
    return await callMustRunDry(this.#database, { runner: id, after: `${after_ms} milliseconds` });
  }

  async rescue(rescue: {
    lease_ms: number;
    lostMax: number;
    leasesMax: number;
  }): Promise<Rescued & { readonly more: boolean }> {
    const silent = await this.#findSilent(rescue.lease_ms);
    const rows = await callRescueJobs(this.#database, {
      lease: `${rescue.lease_ms} milliseconds`,
      lost_max: rescue.lostMax,
      leases: rescue.leasesMax,
    });
    const rescued = onlyRow("rescue_jobs", rows);
    return { ...rescued, runners: rescued.rescued === 0 ? [] : await this.#gone(silent) };
  }

  /** Returns the runners whose jobs a rescue may take. It removes them, so this comes before it. */
  async #findSilent(lease_ms: number): Promise<Rescued["runners"]> {
    return await this.#database.kysely
      .selectFrom("leases as lease")
      .leftJoin("runners as runner", "runner.id", "lease.runner_id")
      .where(
        sql<boolean>`runner.id IS NULL OR runner.heartbeat_at < clock_timestamp() - ${`${lease_ms / 2} milliseconds`}::interval`,
      )
      .select(["lease.runner_id as id", "runner.host"])
      .distinct()
      .execute();
  }

  /** Those that are not registered any more. */
  async #gone(runners: Rescued["runners"]): Promise<Rescued["runners"]> {
    if (runners.length === 0) return [];
    const ids = runners.map(({ id }) => id);
    const living = await this.#database.kysely
      .selectFrom("runners")
      .select("id")
      .where("id", "in", ids)
      .execute();
    return runners.filter(({ id }) => !living.some((one) => one.id === id));
  }
}
