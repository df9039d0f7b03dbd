import type { NewRunner, RunnerInfo, RunnerRepository } from "../../core/model/runner.ts";
import type { Database } from "../connection/database.ts";

const RESCUE = {
  name: "rescue_jobs",
  text: "SELECT rescued, more FROM rescue_jobs($1::bigint * interval '1 millisecond', $2, $3)",
};

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
    const [row] = await this.#database.call<[number, boolean]>(RESCUE, [
      rescue.lease_ms,
      rescue.lostMax,
      rescue.leasesMax,
    ]);
    return { rescued: row?.[0] ?? 0, more: row?.[1] ?? false };
  }
}
