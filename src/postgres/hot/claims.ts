import { sql } from "kysely";
import { PlatformError } from "../../core/lib/errors.ts";
import { newId } from "../../core/lib/new-id.ts";
import { isRetryable, withRetry } from "../../core/lib/with-retry.ts";
import type { ClaimedJob, Outcome, TurnsRequest } from "../../core/model/job.ts";
import type { Database } from "../connection/database.ts";
import { isViolationOf } from "../connection/errors.ts";
import { callClaimJobs, callClaimNext, callStartJob } from "../connection/functions.gen.ts";
import type { Settlements } from "./settlements.ts";
import type { Turn } from "./turns.ts";
import { Usage } from "./usage.ts";

/** How long a claim looks for its own lost reply before it leaves that to the next claim of its runner. */
const LOOK_FOR_MS = 1_000;

/**
 * From so many slots on, a claim after a full one does not look whether more jobs wait than it has slots for.
 * With few slots the look costs nothing, and a job that waits alone is claimed in half the time.
 */
const LOOK_SPARED_FROM = 100;

/** A job as it is claimed, before it is known in which batch. */
type ClaimedRow = Omit<ClaimedJob, "lease_id">;

/**
 * Takes jobs for runners, a batch in one round trip, and finds out what became of claims whose reply was
 * lost.
 *
 * A claim whose reply was lost may have been stored. Its runner lives, so no rescue would ever find those
 * jobs; but the id of its lease was chosen here. To end the doubt, an empty lease is stored under that id.
 * Either the claim's own lease is there already (a claim that still runs on the server is waited for), or the
 * claim arrives later, fails on our lease and takes nothing. An empty lease goes when its runner does.
 */
export class Claims {
  readonly #database: Database;
  readonly #settlements: Settlements;
  /** By runner: leases of claims whose reply was lost, and of which nobody knows yet what they took. */
  readonly #unconfirmedLeases = new Map<string, readonly string[]>();
  /** The last claim was full, so that more jobs wait, as far as is known. */
  #manyWait = false;
  #tookAll = false;
  readonly #usage: Usage;

  constructor(database: Database, settlements: Settlements) {
    this.#database = database;
    this.#settlements = settlements;
    this.#usage = new Usage(database);
  }

  /** The last claim of turns took all that it saw wait. */
  get tookAll(): boolean {
    return this.#tookAll;
  }

  /** Returns jobs in the order of `ids`. Ids that are unknown, taken or not due drop out. */
  async byIds(runner_id: string, ids: readonly string[]): Promise<ClaimedJob[]> {
    if (ids.length === 0) {
      await this.#giveBackUnconfirmed(runner_id);
      return [];
    }
    const claimed = await this.#claim(runner_id, async (lease) => {
      const alone = await this.#startAlone(runner_id, ids, lease);
      return alone.length > 0
        ? alone
        : await callClaimJobs(this.#database, { ids, runner: runner_id, lease });
    });
    const jobs = new Map(claimed.map((job) => [job.id, job]));
    return [...new Set(ids)].flatMap((id) => jobs.get(id) ?? []);
  }

  /** The shorter way of an id that is alone. Nothing: the job was not started, and goes the way of all. */
  async #startAlone(runner: string, ids: readonly string[], lease: string): Promise<ClaimedRow[]> {
    const [id] = ids;
    return id === undefined || ids.length > 1
      ? []
      : await callStartJob(this.#database, { id, runner, lease });
  }

  /** Claims by priority, and within one in turns of customers. Returns the jobs by priority, then age. */
  async turns({ runner_id, max, idle, running, listed = [] }: TurnsRequest): Promise<ClaimedJob[]> {
    const usage = this.#usage.of(running);
    const turns: Turn[] = [];
    this.#tookAll = false;
    const claimed = await this.#claim(runner_id, async (lease) => {
      const rows = await callClaimNext(this.#database, {
        limit: max,
        runner: runner_id,
        lease,
        idle: idle ?? false,
        many: this.#manyWait && max >= LOOK_SPARED_FROM,
        ...usage,
        listed: listed.map(({ id }) => id),
        lists: listed.map(({ priority }) => priority),
      });
      for (const { customer_id, waited_at, weight } of rows)
        if (waited_at !== null && weight !== null) turns.push({ customer_id, waited_at, weight });
      // Nothing was chosen, nor was it a job that must run alone, beside which others may wait.
      this.#tookAll = turns.length === 0 && rows.every(({ lost_runners }) => lost_runners === 0);
      return rows;
    });
    this.#manyWait = claimed.length >= max;
    this.#usage.chosen(turns, runner_id);
    return claimed.toSorted((a, b) => a.priority - b.priority || (a.id < b.id ? -1 : 1));
  }

  async #claim(runner_id: string, call: (lease_id: string) => Promise<ClaimedRow[]>): Promise<ClaimedJob[]> {
    await this.#giveBackUnconfirmed(runner_id);
    const lease_id = newId();
    try {
      return ofLease(lease_id, await call(lease_id));
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

  /**
   * Gives back the jobs that unconfirmed claims of this runner took: nobody works on them. Throws while the
   * database is away: until then this runner may claim nothing new.
   */
  async #giveBackUnconfirmed(runner_id: string): Promise<void> {
    for (const lease_id of this.#unconfirmedLeases.get(runner_id) ?? []) {
      const jobs = await this.#find(runner_id, lease_id);
      const outcomes = jobs.map(({ id, attempt }): Outcome => ({ id, attempt, kind: "released" }));
      await this.#settlements.settle(outcomes, [lease_id]);
    }
    this.#unconfirmedLeases.delete(runner_id);
  }

  async #findSoon(runner_id: string, lease_id: string): Promise<ClaimedJob[]> {
    try {
      return await withRetry(() => this.#find(runner_id, lease_id), { for_ms: LOOK_FOR_MS });
    } catch (error) {
      this.#unconfirmedLeases.set(runner_id, [...(this.#unconfirmedLeases.get(runner_id) ?? []), lease_id]);
      throw error;
    }
  }

  /** Bars a claim that has not arrived yet, and reads what it took if it has. */
  async #find(runner_id: string, lease_id: string): Promise<ClaimedJob[]> {
    const { kysely } = this.#database;
    await kysely
      .insertInto("leases")
      .values({ id: lease_id, runner_id, job_ids: [] })
      .onConflict((conflict) => conflict.column("id").doNothing())
      .execute();
    const jobs = await kysely
      .selectFrom("jobs")
      .select(["id", "customer_id", "job_type_id", "priority", "input_data", "estimated_cost_cents"])
      .select(["attempt", "max_attempts", "excused_attempts", "lost_runners"])
      .where(sql<boolean>`id = ANY (array(SELECT unnest(l.job_ids) FROM leases l WHERE l.id = ${lease_id}))`)
      .where("status", "=", "running")
      .where("runner_id", "=", runner_id)
      .execute();
    return ofLease(lease_id, jobs);
  }
}

/** Field by field: a spread costs 20 times as much (measured: 1.3 µs a job). */
function ofLease(lease_id: string, rows: readonly ClaimedRow[]): ClaimedJob[] {
  return rows.map((row) => ({
    id: row.id,
    customer_id: row.customer_id,
    job_type_id: row.job_type_id,
    priority: row.priority,
    input_data: row.input_data,
    estimated_cost_cents: row.estimated_cost_cents,
    attempt: row.attempt,
    max_attempts: row.max_attempts,
    excused_attempts: row.excused_attempts,
    lost_runners: row.lost_runners,
    lease_id,
  }));
}
