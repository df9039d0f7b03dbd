import { sql } from "kysely";
import type { ClaimedJob } from "../../core/model/job.ts";
import type { Database } from "../connection/database.ts";

/** How old the count of other runners' jobs may be. */
const ELSEWHERE_KEPT_MS = 1_000;
/** What was started counts half as much after this long. */
const HALF_LIFE_MS = 1_000;
/** Starts that count for less than this are forgotten. */
const STARTS_MIN = 0.5;
/** Customers whose usage one claim tells. The others count as having none. */
export const USAGE_CUSTOMERS_MAX = 500;

/**
 * How much of the slots each customer uses, as far as this process knows: what runs here, what runs elsewhere
 * (counted once a second while there is something to choose), and what was started of late, which decides
 * between customers whose jobs are too short to be seen running.
 */
export class Usage {
  readonly #database: Database;
  #elsewhere: ReadonlyMap<string, number> = new Map();
  #counted_at = -Infinity;
  readonly #starts = new Map<string, number>();
  #halved_at = performance.now();

  constructor(database: Database) {
    this.#database = database;
  }

  /** The arguments of `claim_turns`. `here`: how many jobs of each customer run in this process. */
  of(here: ReadonlyMap<string, number> | undefined): {
    customers: string[];
    running: number[];
    started: number[];
  } {
    this.#forget();
    const customers = [
      ...new Set([...(here?.keys() ?? []), ...this.#elsewhere.keys(), ...this.#starts.keys()]),
    ];
    if (customers.length > USAGE_CUSTOMERS_MAX) customers.length = USAGE_CUSTOMERS_MAX;
    return {
      customers,
      running: customers.map((id) => (here?.get(id) ?? 0) + (this.#elsewhere.get(id) ?? 0)),
      started: customers.map((id) => this.#starts.get(id) ?? 0),
    };
  }

  /** Jobs were chosen among more that waited. */
  started(jobs: readonly ClaimedJob[], runner_id: string): void {
    for (const { customer_id } of jobs)
      this.#starts.set(customer_id, (this.#starts.get(customer_id) ?? 0) + 1);
    if (performance.now() - this.#counted_at > ELSEWHERE_KEPT_MS) void this.#count(runner_id);
  }

  #forget(): void {
    const now = performance.now();
    if (now - this.#counted_at > 3 * ELSEWHERE_KEPT_MS) this.#elsewhere = new Map();
    const halvings = Math.floor((now - this.#halved_at) / HALF_LIFE_MS);
    if (halvings === 0) return;
    this.#halved_at += halvings * HALF_LIFE_MS;
    for (const [id, starts] of this.#starts) {
      const left = starts / 2 ** halvings;
      if (left < STARTS_MIN) this.#starts.delete(id);
      else this.#starts.set(id, left);
    }
  }

  /** Nobody waits for the count. One that fails leaves the old one, which is soon forgotten. */
  async #count(runner_id: string): Promise<void> {
    this.#counted_at = performance.now();
    try {
      const { rows } = await sql<{ customer_id: string; jobs: number }>`
        SELECT j.customer_id, count(*)::int AS jobs
          FROM jobs j
         WHERE j.id = ANY (array(SELECT unnest(l.job_ids) FROM leases l WHERE l.runner_id <> ${runner_id}))
           AND j.status = 'running'
         GROUP BY 1`.execute(this.#database.kysely);
      this.#elsewhere = new Map(rows.map(({ customer_id, jobs }) => [customer_id, jobs]));
    } catch {
      // See above.
    }
  }
}
