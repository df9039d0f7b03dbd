import { v7 as uuidv7 } from "uuid";
import { PlatformError } from "../../core/lib/errors.ts";
import { PRIORITIES, type ClaimedJob, type Outcome, type Priority } from "../../core/model/job.ts";
import { isRetryable, withRetry } from "../../core/lib/with-retry.ts";
import { plainArray } from "../connection/arrays.ts";
import type { Database, Statement } from "../connection/database.ts";
import { isViolationOf } from "../connection/errors.ts";
import { settleValues, SETTLE_JOBS, type RefusedRow } from "./settlements.ts";

const COLUMNS =
  "id, customer_id, job_type_id, priority, input_data, estimated_cost_cents, attempt, max_attempts, excused_attempts";
const CLAIM_JOBS = {
  name: "claim_jobs",
  text: `SELECT ${COLUMNS} FROM claim_jobs($1::uuid[], $2, $3)`,
};
const CLAIM_NEXT_JOBS = {
  name: "claim_next_jobs",
  text: `SELECT ${COLUMNS} FROM claim_next_jobs($1, $2, $3)`,
};
const CLAIM_BACKLOG = {
  name: "claim_backlog",
  text: `SELECT ${COLUMNS} FROM claim_backlog($1, $2, $3, $4::uuid[])`,
};

// A claim whose answer was lost may have been stored, and its runner lives: no rescue would ever find those jobs. The id of the lease, which we
// made, tells. Laying down an empty lease under the same id ends the doubt: either the claim's own is there (one that still runs on the server
// is waited for), or whatever arrives late fails on ours and claims nothing. An empty lease goes when its runner does.
const BAR_CLAIM = {
  name: "bar_claim",
  text: "INSERT INTO leases (id, runner_id, job_ids) VALUES ($1, $2, '{}') ON CONFLICT (id) DO NOTHING",
};
const READ_CLAIM = {
  name: "read_claim",
  text: `SELECT ${COLUMNS} FROM jobs
          WHERE id = ANY (array(SELECT unnest(l.job_ids) FROM leases l WHERE l.id = $1)) AND status = 'running' AND runner_id = $2`,
};
/** How long a claim looks for its own lost answer before the next one of its runner does. */
const LOOK_FOR_MS = 1_000;

type ClaimedRow = [
  id: string,
  customer_id: string,
  job_type_id: string,
  priority: Priority,
  input_data: unknown,
  estimated_cost_cents: number,
  attempt: number,
  max_attempts: number,
  excused_attempts: number,
];

/** Both claims, and what became of those whose answer was lost. Answers in no order. */
export class Claims {
  readonly #database: Database;
  /** Leases by runner that may have been stored and that nobody works on. */
  readonly #lost = new Map<string, readonly string[]>();
  /** By priority, whose turn came last in the backlog: the next one's is after it. */
  readonly #turns = new Map<Priority, string>();

  constructor(database: Database) {
    this.#database = database;
  }

  async byId(runner_id: string, ids: readonly string[]): Promise<ClaimedJob[]> {
    return await this.#claim(CLAIM_JOBS, runner_id, [plainArray(ids)]);
  }

  async next(runner_id: string, max: number): Promise<ClaimedJob[]> {
    return await this.#claim(CLAIM_NEXT_JOBS, runner_id, [max]);
  }

  async waiting(runner_id: string, max: number): Promise<ClaimedJob[]> {
    const after = plainArray(PRIORITIES.map((priority) => this.#turns.get(priority)));
    const jobs = await this.#claim(CLAIM_BACKLOG, runner_id, [max], [after]);
    for (const priority of PRIORITIES) this.#passTurn(priority, jobs);
    return jobs;
  }

  /** Turns went up from the last cursor and, at the end of the ring, on from its start: whoever came after the turn of the start was last. */
  #passTurn(priority: Priority, jobs: readonly ClaimedJob[]): void {
    const last = this.#turns.get(priority) ?? "";
    let [furthest, wrapped] = ["", ""];
    for (const job of jobs) {
      if (job.priority !== priority) continue;
      if (job.customer_id > furthest) furthest = job.customer_id;
      if (job.customer_id <= last && job.customer_id > wrapped) wrapped = job.customer_id;
    }
    if (furthest !== "") this.#turns.set(priority, wrapped === "" ? furthest : wrapped);
  }

  /** Gives back what lost claims of this runner took: nobody works on it. Throws while the database is away, and then nothing new may be claimed. */
  async giveBackLost(runner_id: string): Promise<void> {
    for (const lease_id of this.#lost.get(runner_id) ?? []) {
      const jobs = await this.#find(runner_id, lease_id);
      const outcomes = jobs.map(({ id, attempt }): Outcome => ({ id, attempt, kind: "released" }));
      if (outcomes.length > 0)
        await this.#database.call<RefusedRow>(SETTLE_JOBS, settleValues(outcomes, [lease_id]));
    }
    this.#lost.delete(runner_id);
  }

  async #claim(
    statement: Statement,
    runner_id: string,
    what: readonly unknown[],
    more: readonly unknown[] = [],
  ): Promise<ClaimedJob[]> {
    await this.giveBackLost(runner_id);
    const lease_id = uuidv7();
    try {
      const rows = await this.#database.call<ClaimedRow>(statement, [...what, runner_id, lease_id, ...more]);
      return rows.map((row) => toClaimed(row, lease_id));
    } catch (error) {
      if (isViolationOf(error, "runner_registered")) {
        throw new PlatformError(
          "runner_unknown",
          "This runner is not registered (any more) and may claim nothing.",
        );
      }
      if (!isRetryable(error)) throw error;
      const jobs = await this.#findSoon(runner_id, lease_id);
      if (jobs.length === 0) throw error;
      return jobs;
    }
  }

  async #findSoon(runner_id: string, lease_id: string): Promise<ClaimedJob[]> {
    try {
      return await withRetry(() => this.#find(runner_id, lease_id), { for_ms: LOOK_FOR_MS });
    } catch (error) {
      this.#lost.set(runner_id, [...(this.#lost.get(runner_id) ?? []), lease_id]);
      throw error;
    }
  }

  async #find(runner_id: string, lease_id: string): Promise<ClaimedJob[]> {
    await this.#database.call(BAR_CLAIM, [lease_id, runner_id]);
    const rows = await this.#database.call<ClaimedRow>(READ_CLAIM, [lease_id, runner_id]);
    return rows.map((row) => toClaimed(row, lease_id));
  }
}

function toClaimed(row: ClaimedRow, lease_id: string): ClaimedJob {
  const [
    id,
    customer_id,
    job_type_id,
    priority,
    input_data,
    estimated_cost_cents,
    attempt,
    max_attempts,
    excused_attempts,
  ] = row;
  return {
    id,
    customer_id,
    job_type_id,
    priority,
    input_data,
    estimated_cost_cents,
    attempt,
    max_attempts,
    excused_attempts,
    lease_id,
  };
}
