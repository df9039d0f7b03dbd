import { GroupCommit, type Receiver } from "../core/lib/group-commit.ts";
import {
  JOB_BATCH_MAX,
  type ClaimedJob,
  type JobRepository,
  type Outcome,
  type Refusal,
} from "../core/model/job.ts";
import { isRetryable, withRetry } from "../core/lib/with-retry.ts";

/** Bytes of output in one batch. */
const BATCH_BYTES_MAX = 8 * 1024 * 1024;
/** How long outcomes are kept while the database is away. Settling twice is harmless: the fence refuses the second. */
const RETRY_FOR_MS = 10 * 60 * 1_000;

export interface Settlement {
  readonly job: ClaimedJob;
  readonly outcome: Outcome;
}

interface Options {
  /** Outcomes that may wait. */
  readonly queueMax: number;
  /** A batch has to be tried again. */
  readonly onRetry: (error: unknown) => void;
  /** Of each once it was written, or refused. */
  readonly onSettled: (settlement: Settlement, refusal: Refusal | undefined) => void;
  /** Of each that could not be written. */
  readonly onFailed: (settlement: Settlement, error: unknown) => void;
}

/** The group commit that all outcomes of a runner share, and the count of which leases are done with. */
export class Settlements {
  readonly #group: GroupCommit<Settlement, Refusal | undefined>;
  readonly #receiver: Receiver<Settlement, Refusal | undefined>;
  /** Jobs of a lease that have not been settled. */
  readonly #open = new Map<string, number>();
  /** Leases whose last job was forgotten, to be taken away. */
  #forgotten: string[] = [];

  constructor(jobs: JobRepository, { queueMax, onRetry, onSettled, onFailed }: Options) {
    this.#receiver = {
      resolve: (refusal, settlement) => onSettled(settlement, refusal),
      reject: (error, settlement) => onFailed(settlement, error),
    };
    this.#group = new GroupCommit<Settlement, Refusal | undefined>({
      batchMax: JOB_BATCH_MAX,
      weightMax: BATCH_BYTES_MAX,
      weigh: ({ outcome }) => (outcome.kind === "succeeded" ? roughBytes(outcome.output) : 0),
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
          { for_ms: RETRY_FOR_MS, onRetry },
        );
        this.#close(settled);
        if (refusals.length === 0) return batch.map(() => undefined);
        const refused = new Map(refusals.map((refusal) => [fenceOf(refusal), refusal]));
        return batch.map(({ outcome }) => refused.get(fenceOf(outcome)));
      },
    });
  }

  /** Outcomes not yet written. */
  get size(): number {
    return this.#group.size;
  }

  /** For each job that was claimed: once all of a lease are settled, the settle that ends the last takes the lease away. */
  open(lease_id: string): void {
    this.#open.set(lease_id, (this.#open.get(lease_id) ?? 0) + 1);
  }

  /** For batches that were lost with the runner's id: their leases must stay, for they are what a rescue finds the jobs by. */
  abandonAll(): void {
    this.#open.clear();
    this.#forgotten = [];
  }

  /** For a job that somebody else has ended: the next settle takes its lease away if it was the last. */
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

function roughBytes(output: unknown): number {
  return typeof output === "object" && output !== null ? JSON.stringify(output).length : 16;
}
