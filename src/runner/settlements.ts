import { GroupCommit } from "../core/group-commit.ts";
import { JOB_BATCH_MAX, type JobRepository, type Outcome, type Refusal } from "../core/job.ts";
import { isRetryable, withRetry } from "../core/retry.ts";

/** Bytes of output in one batch. */
const BATCH_BYTES_MAX = 8 * 1024 * 1024;
/** How long outcomes are kept while the database is away. Settling twice is harmless: the fence refuses the second. */
const RETRY_FOR_MS = 10 * 60 * 1_000;

interface Settlement {
  readonly outcome: Outcome;
  readonly lease_id: string;
}

/** What of a settlement was refused, or undefined when it was written. */
export type Settled = Refusal | undefined;

/** The group commit that all outcomes of a runner share, and the count of which leases are done with. */
export class Settlements {
  readonly #group: GroupCommit<Settlement, Settled>;
  /** Jobs of a lease that have not been settled. */
  readonly #open = new Map<string, number>();
  /** Leases whose last job was forgotten, to be taken away. */
  #forgotten: string[] = [];

  constructor(jobs: JobRepository, options: { queueMax: number; onRetry: (error: unknown) => void }) {
    this.#group = new GroupCommit<Settlement, Settled>({
      batchMax: JOB_BATCH_MAX,
      weightMax: BATCH_BYTES_MAX,
      weigh: ({ outcome }) => (outcome.kind === "succeeded" ? roughBytes(outcome.output) : 0),
      queueMax: options.queueMax,
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
          {
            for_ms: RETRY_FOR_MS,
            onRetry: options.onRetry,
          },
        );
        this.#close(settled);
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

  async settle(settlement: Settlement): Promise<Settled> {
    return await this.#group.add(settlement);
  }

  #count(batch: readonly Settlement[]): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { lease_id } of batch) counts.set(lease_id, (counts.get(lease_id) ?? 0) + 1);
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
