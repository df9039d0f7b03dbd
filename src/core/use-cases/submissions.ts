import { PlatformError } from "../lib/errors.ts";
import { GroupCommit } from "../lib/group-commit.ts";
import { roughJsonBytes } from "../lib/rough-json-bytes.ts";
import { isRetryable } from "../lib/with-retry.ts";
import type { NewJob, Submitted } from "../model/job.ts";
import type { SubmitMeter } from "../model/meters.ts";
import type { Platform } from "./platform.ts";
import { storeAndPush } from "./submit-jobs.ts";
import {
  BATCH_BYTES_MAX,
  JOB_BATCH_MAX,
  LARGE_BATCH_BYTES_MAX,
  LARGE_INPUT_BYTES,
  LIGHT_SUBMISSIONS_MAX,
  SUBMISSIONS_IN_FLIGHT_MAX,
  SUBMISSIONS_WAITING_MAX,
  SUBMISSION_PATIENCE_MS,
} from "../model/limits.ts";

/** What all submissions of a process go through. */
export interface Submissions {
  /** Submissions that wait or are under way. */
  readonly size: number;
  /** Returns what became of one job. It has waited since `since`. */
  add(job: NewJob, since?: number): Promise<Submitted>;
  /** Returns the outcome of each job, in order. They have waited since `since`. */
  addAll(jobs: readonly NewJob[], since?: number): Promise<PromiseSettledResult<Submitted>[]>;
}

/**
 * Two group commits, side by side: PostgreSQL takes tens of milliseconds to store one input of 1 MiB, and
 * small submissions do not wait behind it.
 */
export function createSubmissions(
  platform: Pick<Platform, "jobs" | "readyQueue">,
  meter?: SubmitMeter,
): Submissions {
  const shared = {
    run: async (
      batch: readonly NewJob[],
      resolveAfter: (pushed: Promise<void>) => void,
      since?: number,
    ): Promise<Submitted[]> => {
      const started_at = performance.now();
      const submitted = await storeAndPush(platform, batch, resolveAfter, since);
      meter?.stored(submitted, (performance.now() - started_at) / 1_000);
      return submitted;
    },
    batchMax: JOB_BATCH_MAX,
    // A rough weight is enough: it keeps a batch of large inputs from becoming huge.
    weigh: (job: NewJob) => roughJsonBytes(job.input_data, BATCH_BYTES_MAX),
    queueMax: SUBMISSIONS_WAITING_MAX,
    onFull: () => new PlatformError("unavailable", "Too many submissions wait for the database. Try again."),
    isolates: (error: unknown) => !isRetryable(error),
    patience_ms: SUBMISSION_PATIENCE_MS,
  };
  const small = new GroupCommit<NewJob, Submitted>({
    ...shared,
    weightMax: BATCH_BYTES_MAX,
    inFlightMax: SUBMISSIONS_IN_FLIGHT_MAX,
    batchMin: JOB_BATCH_MAX,
    lightMax: LIGHT_SUBMISSIONS_MAX,
  });
  const large = new GroupCommit<NewJob, Submitted>({ ...shared, weightMax: LARGE_BATCH_BYTES_MAX });

  return {
    get size() {
      return small.size + large.size;
    },
    add: (job, since) => (hasLargeInput(job) ? large : small).add(job, since),
    async addAll(jobs, since) {
      const isLarge = jobs.map(hasLargeInput);
      if (!isLarge.includes(true)) return await small.addAll(jobs, since);
      const [smalls, larges] = await Promise.all([
        small.addAll(
          jobs.filter((_, n) => !isLarge[n]),
          since,
        ),
        large.addAll(
          jobs.filter((_, n) => isLarge[n]),
          since,
        ),
      ]);
      // Each has one outcome a job, in order, so that none is missing.
      return isLarge.flatMap((one) => (one ? larges : smalls).shift() ?? []);
    },
  };
}

function hasLargeInput({ input_data }: NewJob): boolean {
  return roughJsonBytes(input_data, LARGE_INPUT_BYTES) >= LARGE_INPUT_BYTES;
}
