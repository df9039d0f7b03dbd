import type { Pool } from "pg";
import { v7 as uuidv7 } from "uuid";
import type { JobRepository, NewJob, Priority } from "../../src/core/model/job.ts";
import { createDatabase } from "../../src/postgres/connection/database.ts";
import { PostgresJobRepository } from "../../src/postgres/repositories/jobs.ts";
import { PostgresWaitingJobRepository } from "../../src/postgres/repositories/waiting-jobs.ts";
import type { Customer, Job, JobType } from "./order-of-turns.ts";

const NO_ROOM = { 0: false, 1: false, 2: false };

export interface Limits {
  readonly weights: readonly number[];
  readonly customerLimits: readonly (number | null)[];
  readonly typeLimits: readonly (number | null)[];
}

/** Customers, job types and a runner of a real database, on which the claims of one process are tried. */
export class FairnessWorld {
  readonly #pool: Pool;
  readonly #runner_id: string;
  readonly #ids: { readonly customers: readonly string[]; readonly types: readonly string[] };
  #jobs: JobRepository;
  readonly #waiting: PostgresWaitingJobRepository;
  readonly #attempts = new Map<string, number>();
  customers: readonly Customer[] = [];
  types: readonly JobType[] = [];

  constructor(
    pool: Pool,
    runner_id: string,
    ids: { readonly customers: readonly string[]; readonly types: readonly string[] },
  ) {
    this.#pool = pool;
    this.#runner_id = runner_id;
    this.#ids = { customers: ids.customers.toSorted(), types: ids.types };
    this.#jobs = this.#newProcess();
    this.#waiting = new PostgresWaitingJobRepository(createDatabase(pool));
  }

  /** Nothing waits, nothing runs, and the process that claims knows nothing. */
  async begin({ weights, customerLimits, typeLimits }: Limits): Promise<void> {
    this.#jobs = this.#newProcess();
    this.customers = weights.map((weight, n) => ({
      id: this.#ids.customers[n] ?? "",
      weight,
      limit: customerLimits[n] ?? null,
    }));
    this.types = typeLimits.map((limit, n) => ({ id: this.#ids.types[n] ?? "", limit }));
    await this.#pool.query("DELETE FROM job_queue; DELETE FROM leases");
    await this.#pool.query(
      "UPDATE customers c SET weight = x.weight, running_limit = x.running_limit FROM unnest($1::uuid[], $2::int[], $3::int[]) x (id, weight, running_limit) WHERE c.id = x.id",
      [this.customers.map(({ id }) => id), weights, this.customers.map(({ limit }) => limit)],
    );
    await this.#pool.query(
      "UPDATE job_types t SET running_limit = x.running_limit FROM unnest($1::uuid[], $2::int[]) x (id, running_limit) WHERE t.id = x.id",
      [this.types.map(({ id }) => id), typeLimits],
    );
  }

  async submit(jobs: readonly Job[]): Promise<void> {
    const requests = jobs.map(({ id, customer, type, priority }): NewJob => ({
      id,
      customer_id: customer.id,
      job_type_id: type.id,
      priority: priority as Priority, // The model counts them from 0 to 2 as well.
      input_data: 1,
    }));
    if (requests.length > 0) await this.#jobs.submit(requests, NO_ROOM);
  }

  /** The oldest jobs that wait at a priority move up. Throws unless it is so many. */
  async age(priority: Priority, count: number): Promise<void> {
    if (count === 0) return;
    const { aged } = await this.#waiting.age({ priority, after_ms: 0, max: count, after: undefined });
    if (aged !== count) throw new Error(`${aged} jobs have aged instead of ${count}.`);
  }

  /** Returns the ids of the jobs that start. */
  async claim(max: number, running: ReadonlyMap<string, number>): Promise<string[]> {
    const claimed = await this.#jobs.claimTurns({ runner_id: this.#runner_id, max, running });
    for (const { id, attempt } of claimed) this.#attempts.set(id, attempt);
    return claimed.map(({ id }) => id);
  }

  async end(jobs: readonly Job[]): Promise<void> {
    const outcomes = jobs.map(({ id }) => ({
      id,
      attempt: this.#attempts.get(id) ?? 0,
      kind: "succeeded" as const,
      output: null,
    }));
    if (outcomes.length > 0) await this.#jobs.settle(outcomes);
  }

  #newProcess(): JobRepository {
    const database = createDatabase(this.#pool);
    return new PostgresJobRepository({ requests: database, runners: database });
  }
}

export const newJob = (customer: Customer, type: JobType, priority: number): Job => ({
  id: uuidv7(),
  customer,
  type,
  priority,
});
