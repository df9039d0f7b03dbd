import { BATCH_BYTES_MAX, JOB_BATCH_MAX, SETTLE_FOR_MS } from "../core/model/limits.ts";
import { GroupCommit, type Receiver } from "../core/lib/group-commit.ts";
import type { JobType } from "../core/model/job-type.ts";
import type { ClaimedJob, JobRepository, Outcome, RefusedOutcome } from "../core/model/job.ts";
import { roughJsonBytes } from "../core/lib/rough-json-bytes.ts";
import { isRetryable, withRetry } from "../core/lib/with-retry.ts";

export interface Settlement {
  readonly job: ClaimedJob;
  readonly jobType: JobType | undefined;
  readonly outcome: Outcome;
  /** How long the attempt ran. */
  readonly run_ms: number;
}

interface Options {
  /** Outcomes that may wait or be under way. */
  readonly queueMax: number;
  /** Called when a batch failed and is tried again. */
  readonly onRetry: (error: unknown) => void;
  /** Called for each outcome that was written, or refused. */
  readonly onSettled: (settlement: Settlement, refusal: RefusedOutcome | undefined) => void;
  /** Called for each outcome that could not be written. */
  readonly onFailed: (settlement: Settlement, error: unknown) => void;
}

/** Writes the outcomes of a runner in batches, and deletes each lease with the last outcome of its jobs. */
export class Settlements {
  readonly #group: GroupCommit<Settlement, RefusedOutcome | undefined>;
  readonly #receiver: Receiver<Settlement, RefusedOutcome | undefined>;
  /** By lease: how many of its jobs have not been settled. */
  readonly #open = new Map<string, number>();
  /** Leases without jobs to settle, which the next settle deletes. */
  #forgotten: string[] = [];

  constructor(jobs: JobRepository, { queueMax, onRetry, onSettled, onFailed }: Options) {
    this.#receiver = {
      resolve: (refusal, settlement) => onSettled(settlement, refusal),
      reject: (error, settlement) => onFailed(settlement, error),
    };
    this.#group = new GroupCommit<Settlement, RefusedOutcome | undefined>({
      batchMax: JOB_BATCH_MAX,
      weightMax: BATCH_BYTES_MAX,
      weigh: ({ outcome }) =>
        outcome.kind === "succeeded" ? roughJsonBytes(outcome.output, BATCH_BYTES_MAX) : 0,
      queueMax,
      onFull: () => new Error("more outcomes than slots: a bug"),
      isolates: (error) => !isRetryable(error),
      run: async (batch) => {
        const settled = this.#count(batch);
        const done = [...settled]
          .filter(([lease_id, count]) => this.#open.get(lease_id) === count)
          .map(([lease_id]) => lease_id)
          .concat(this.#forgotten.splice(0));
        const refusals = await withRetry(
          () =>
            jobs.settle(
              batch.map(({ outcome }) => outcome),
              done,
            ),
          { for_ms: SETTLE_FOR_MS, onRetry },
        );
        this.#close(settled);
        if (refusals.length === 0) return batch.map(() => undefined);
        const refused = new Map(refusals.map((refusal) => [fenceOf(refusal), refusal]));
        return batch.map(({ outcome }) => refused.get(fenceOf(outcome)));
      },
    });
  }

  /** How many outcomes have not been written yet. */
  get size(): number {
    return this.#group.size;
  }

  /** Counts a claimed job of a lease. The settle of the last of them deletes the lease. */
  open(lease_id: string): void {
    this.#open.set(lease_id, (this.#open.get(lease_id) ?? 0) + 1);
  }

  /**
   * Forgets all leases, when the runner has given its id up. They must stay: a rescue finds the jobs by them.
   */
  abandonAll(): void {
    this.#open.clear();
    this.#forgotten = [];
  }

  /**
   * Stops counting a job that somebody else has ended. The next settle deletes its lease if it was the last.
   */
  forget(lease_id: string): void {
    const left = (this.#open.get(lease_id) ?? 0) - 1;
    if (left > 0) this.#open.set(lease_id, left);
    else if (this.#open.delete(lease_id)) this.#forgotten.push(lease_id);
  }

  settle(settlement: Settlement): void {
    this.#group.enqueue(settlement, this.#receiver);
  }

  #count(batch: readonly Settlement[]): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { job } of batch) counts.set(job.lease_id, (counts.get(job.lease_id) ?? 0) + 1);
    return counts;
  }

  #close(settled: ReadonlyMap<string, number>): void {
    for (const [lease_id, count] of settled) {
      const left = (this.#open.get(lease_id) ?? 0) - count;
      if (left > 0) this.#open.set(lease_id, left);
      else this.#open.delete(lease_id);
    }
  }
}

function fenceOf({ id, attempt }: { id: string; attempt: number }): string {
  return `${id}/${attempt}`;
}
