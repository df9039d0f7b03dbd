import type { NewRunner, RunnerInfo, RunnerRepository } from "../../core/model/runner.ts";
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
  }): Promise<{ rescued: number; more: boolean }> {
    const rows = await callRescueJobs(this.#database, {
      lease: `${rescue.lease_ms} milliseconds`,
      lost_max: rescue.lostMax,
      leases: rescue.leasesMax,
    });
    return onlyRow("rescue_jobs", rows);
  }
}
