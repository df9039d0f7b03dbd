import { sql } from "kysely";
import type { NewRunner, Rescued, RunnerInfo, RunnerRepository } from "../../core/model/runner.ts";
import type { Database } from "../connection/database.ts";
import { onlyRow } from "../connection/decode.ts";
import { callRescueJobs } from "../connection/functions.gen.ts";

export class PostgresRunnerRepository implements RunnerRepository {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async register(runner: NewRunner): Promise<void> {
    await this.#database.kysely
      .insertInto("runners")
      .values(runner)
      .onConflict((same) => same.doNothing())
      .execute();
  }

  async deregister(id: string): Promise<void> {
    await this.#database.kysely.deleteFrom("runners").where("id", "=", id).execute();
  }

  async list(): Promise<RunnerInfo[]> {
    return await this.#database.kysely
      .selectFrom("runners")
      .select(["id", "host", "version", "slots", "started_at", "heartbeat_at"])
      .orderBy("started_at")
      .execute();
  }

  async rescue(rescue: {
    lease_ms: number;
    lostMax: number;
    leasesMax: number;
  }): Promise<Rescued & { readonly more: boolean }> {
    const runners = await this.#findDead(rescue.lease_ms);
    const rows = await callRescueJobs(this.#database, {
      lease: `${rescue.lease_ms} milliseconds`,
      lost_max: rescue.lostMax,
      leases: rescue.leasesMax,
    });
    return { ...onlyRow("rescue_jobs", rows), runners };
  }

  /** Returns the runners whose jobs a rescue would take now. It removes them, so this comes before it. */
  async #findDead(lease_ms: number): Promise<Rescued["runners"]> {
    return await this.#database.kysely
      .selectFrom("leases as lease")
      .leftJoin("runners as runner", "runner.id", "lease.runner_id")
      .where(
        sql<boolean>`runner.id IS NULL OR runner.heartbeat_at < clock_timestamp() - ${`${lease_ms} milliseconds`}::interval`,
      )
      .select(["lease.runner_id as id", "runner.host"])
      .distinct()
      .execute();
  }
}
