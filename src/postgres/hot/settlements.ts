import type { JobStatus, Outcome, RefusedOutcome } from "../../core/model/job.ts";
import { orNull } from "../connection/arrays.ts";
import type { Database } from "../connection/database.ts";
import { callSettleJobs, callSettleSuccess, type SettleJobsRow } from "../connection/functions.gen.ts";

/**
 * The status that each outcome writes. When a job has it already, at the same attempt, only the reply was
 * lost.
 */
const STATUS_AFTER: Record<Outcome["kind"], JobStatus> = {
  succeeded: "succeeded",
  failed: "failed",
  cancelled: "cancelled",
  retry: "pending",
  released: "pending",
};

/**
 * Ends attempts together with their money: one round trip for any number of them. Safe to repeat after a lost
 * reply: what was written already is refused as settled.
 */
export class Settlements {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Returns the outcomes that were not written. `doneLeases` are batches of which nothing runs any more. */
  async settle(outcomes: readonly Outcome[], doneLeases: readonly string[]): Promise<RefusedOutcome[]> {
    if (outcomes.length === 0 || (await this.#settleAlone(outcomes, doneLeases))) return [];
    const rows = await callSettleJobs(this.#database, {
      ids: outcomes.map((outcome) => outcome.id),
      attempts: outcomes.map((outcome) => outcome.attempt),
      outcomes: outcomes.map((outcome) => outcome.kind),
      costs: orNull(outcomes.map((one) => (one.kind === "succeeded" ? one.cost_cents : undefined))),
      outputs: orNull(outcomes.map((one) => (one.kind === "succeeded" ? one.output : undefined))),
      errors: orNull(outcomes.map((one) => ("error" in one ? one.error : undefined))),
      delays_ms: orNull(outcomes.map((one) => (one.kind === "retry" ? one.delay_ms : undefined))),
      done: orNull(doneLeases),
    });
    return rows.map((row) => toRefused(row, outcomes));
  }

  /** The shorter way of a success that is alone. False: it was not written, and goes the way of all. */
  async #settleAlone([outcome, ...others]: readonly Outcome[], done: readonly string[]): Promise<boolean> {
    if (outcome?.kind !== "succeeded" || others.length > 0) return false;
    return await callSettleSuccess(this.#database, {
      id: outcome.id,
      attempt: outcome.attempt,
      cost: outcome.cost_cents ?? null,
      output: outcome.output ?? undefined,
      done: orNull(done),
    });
  }
}

function toRefused(row: SettleJobsRow, outcomes: readonly Outcome[]): RefusedOutcome {
  const { job_id: id, refused_attempt: attempt } = row;
  const refused = outcomes.find((outcome) => outcome.id === id && outcome.attempt === attempt);
  if (!refused) throw new Error(`settle_jobs refused job ${id}, which was not in the batch`);
  const settledBefore = attempt === row.attempt && STATUS_AFTER[refused.kind] === row.status && !row.rescued;
  return {
    id,
    attempt,
    reason: settledBefore ? "already_settled" : "stale",
    running: row.status === "running",
  };
}
