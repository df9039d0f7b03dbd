import { BATCH_BYTES_MAX, JOB_BATCH_MAX, SETTLE_FOR_MS } from "../core/model/limits.ts";
import { GroupCommit, type Receiver } from "../core/lib/group-commit.ts";
import type { JobError, JobRepository, Outcome, RefusedOutcome } from "../core/model/job.ts";
import type { EndedAttempt, RunnerMeter } from "../core/model/meters.ts";
import { JsonText } from "../core/lib/json-text.ts";
import { roughJsonBytes } from "../core/lib/rough-json-bytes.ts";
import { isRetryable, withRetry } from "../core/lib/with-retry.ts";

/** The end of a job whose outcome the database refused for good. */
const CANNOT_BE_STORED: JobError = {
  code: "output_invalid",
  message: "What the processor gave cannot be stored.",
};

/** How an attempt ended, to be written. */
export type Settlement = EndedAttempt;

interface Options {
  /** Outcomes that may wait or be under way. */
  readonly queueMax: number;
  /** Called when a batch failed and is tried again. */
  readonly onRetry: (error: unknown) => void;
  /** Called when the database refused an outcome for good. The job fails instead, as `output_invalid`. */
  readonly onInvalid: (settlement: Settlement, error: unknown) => void;
  /** Told of each batch that was settled. */
  readonly meter?: RunnerMeter | undefined;
  /** Called for each outcome that was written, or refused. */
  readonly onSettled: (settlement: Settlement, refusal: RefusedOutcome | undefined) => void;
  /** Called for each outcome that could not be written. */
  readonly onFailed: (settlement: Settlement, error: unknown) => void;
}

/**
 * Writes the outcomes of a runner in batches, and deletes each lease with the last outcome of its jobs. An
 * outcome that the database refuses for good is its own job's fault: it fails, and nothing else is touched.
 */
export class Settlements {
  readonly #group: GroupCommit<Settlement, RefusedOutcome | undefined>;
  readonly #receiver: Receiver<Settlement, RefusedOutcome | undefined>;
  /** By lease: how many of its jobs have not been settled. */
  readonly #open = new Map<string, number>();
  /** Leases without jobs to settle, which the next settle deletes. */
  #forgotten: string[] = [];

  constructor(jobs: JobRepository, { queueMax, onRetry, onInvalid, onSettled, onFailed, meter }: Options) {
    this.#receiver = {
      resolve: (refusal, settlement) => onSettled(settlement, refusal),
      reject: (error, settlement) => {
        const replaced = isRetryable(error) ? undefined : asInvalid(settlement);
        if (replaced === undefined) return onFailed(settlement, error);
        onInvalid(settlement, error);
        this.settle(replaced);
      },
    };
    this.#group = new GroupCommit<Settlement, RefusedOutcome | undefined>({
      batchMax: JOB_BATCH_MAX,
      weightMax: BATCH_BYTES_MAX,
      weigh: ({ outcome }) => (outcome.kind === "succeeded" ? weightOf(outcome.output) : 0),
      queueMax,
      onFull: () => new Error("more outcomes than slots: a bug"),
      isolates: (error) => !isRetryable(error),
      run: async (batch) => {
        const settled = this.#count(batch);
        const done = [...settled]
          .filter(([lease_id, count]) => this.#open.get(lease_id) === count)
          .map(([lease_id]) => lease_id);
        const forgotten = this.#forgotten.splice(0);
        const started_at = performance.now();
        const refusals = await withRetry(
          () =>
            jobs.settle(
              batch.map(({ outcome }) => outcome),
              done.concat(forgotten),
            ),
          { for_ms: SETTLE_FOR_MS, onRetry },
        ).catch((error: unknown) => {
          // For the next settle.
          this.#forgotten.push(...forgotten);
          throw error;
        });
        const seconds = (performance.now() - started_at) / 1_000;
        if (refusals.length === 0) {
          meter?.settled(batch, 0, seconds);
          this.#close(settled);
          return batch.map(() => undefined);
        }
        const refused = new Map(refusals.map((refusal) => [fenceOf(refusal), refusal]));
        const written = batch.filter(({ outcome }) => refused.get(fenceOf(outcome))?.reason !== "stale");
        meter?.settled(written, batch.length - written.length, seconds);
        // A job that still runs keeps its lease, by which a rescue will find it.
        this.#close(this.#count(batch.filter(({ outcome }) => !refused.get(fenceOf(outcome))?.running)));
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

/** Text is weighed by its length; nothing of a value is written down for it. */
function weightOf(output: unknown): number {
  return output instanceof JsonText ? output.text.length : roughJsonBytes(output, BATCH_BYTES_MAX);
}

/** Undefined for what cannot be the job's fault: it carries nothing of the processor's, or is the last word. */
function asInvalid(settlement: Settlement): Settlement | undefined {
  const { outcome } = settlement;
  const { id, attempt, kind } = outcome;
  if (kind === "released" || kind === "cancelled" || isLastWord(outcome)) return undefined;
  return { ...settlement, outcome: { id, attempt, kind: "failed", error: CANNOT_BE_STORED } };
}

function isLastWord(outcome: Outcome): boolean {
  return outcome.kind === "failed" && outcome.error === CANNOT_BE_STORED;
}

function fenceOf({ id, attempt }: { id: string; attempt: number }): string {
  return `${id}/${attempt}`;
}
