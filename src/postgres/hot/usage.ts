import { sql } from "kysely";
import type { Database } from "../connection/database.ts";
import { AHEAD_CUSTOMERS_MAX, Turns, type Turn } from "./turns.ts";

/** How old the count of other runners' jobs may be. */
const ELSEWHERE_KEPT_MS = 1_000;
/** Customers whose usage one claim tells. The others count as having none. */
const USAGE_CUSTOMERS_MAX = 2 * AHEAD_CUSTOMERS_MAX;

/**
 * How much of the slots each customer uses, as far as this process knows: what runs here, what runs elsewhere
 * (counted once a second while there is something to choose), and who is ahead in turns, which decides between
 * customers whose jobs are too short to be seen running.
 */
export class Usage {
  readonly #database: Database;
  #elsewhere: ReadonlyMap<string, number> = new Map();
  #counted_at = -Infinity;
  readonly #turns = new Turns();

  constructor(database: Database) {
    this.#database = database;
  }

  /** The arguments of `claim_next`. `here`: how many jobs of each customer run in this process. */
  of(here: ReadonlyMap<string, number> | undefined): {
    customers: string[];
    running: number[];
    ahead: number[];
    after: (string | undefined)[];
  } {
    if (performance.now() - this.#counted_at > 3 * ELSEWHERE_KEPT_MS) this.#elsewhere = new Map();
    const customers = [
      ...new Set([...(here?.keys() ?? []), ...this.#turns.ahead, ...this.#elsewhere.keys()]),
    ];
    if (customers.length > USAGE_CUSTOMERS_MAX) customers.length = USAGE_CUSTOMERS_MAX;
    return {
      customers,
      running: customers.map((id) => (here?.get(id) ?? 0) + (this.#elsewhere.get(id) ?? 0)),
      ahead: customers.map((id) => this.#turns.aheadOf(id)),
      after: this.#turns.cursors,
    };
  }

  /** These jobs were chosen among more that waited. */
  chosen(jobs: readonly Turn[], runner_id: string): void {
    if (jobs.length === 0) return;
    this.#turns.took(jobs);
    if (performance.now() - this.#counted_at > ELSEWHERE_KEPT_MS) void this.#count(runner_id);
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
