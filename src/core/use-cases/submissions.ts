import { PlatformError } from "../lib/errors.ts";
import { GroupCommit } from "../lib/group-commit.ts";
import { roughJsonBytes } from "../lib/rough-json-bytes.ts";
import { isRetryable } from "../lib/with-retry.ts";
import type { NewJob, Submitted } from "../model/job.ts";
import type { Platform } from "./platform.ts";
import { storeAndPush } from "./submit-jobs.ts";
import {
  BATCH_BYTES_MAX,
  JOB_BATCH_MAX,
  SUBMISSIONS_IN_FLIGHT_MAX,
  SUBMISSIONS_WAITING_MAX,
  SUBMISSION_PATIENCE_MS,
} from "../model/limits.ts";

/** The group commit that all submissions of a process share. */
export function createSubmissions(
  platform: Pick<Platform, "jobs" | "readyQueue">,
): GroupCommit<NewJob, Submitted> {
  return new GroupCommit({
    run: (batch, resolveAfter, since) => storeAndPush(platform, batch, resolveAfter, since),
    batchMax: JOB_BATCH_MAX,
    weightMax: BATCH_BYTES_MAX,
    // A rough weight is enough: it keeps a batch of large inputs from becoming huge.
    weigh: (job) => roughJsonBytes(job.input_data, BATCH_BYTES_MAX),
    queueMax: SUBMISSIONS_WAITING_MAX,
    onFull: () => new PlatformError("unavailable", "Too many submissions wait for the database. Try again."),
    inFlightMax: SUBMISSIONS_IN_FLIGHT_MAX,
    batchMin: JOB_BATCH_MAX,
    isolates: (error) => !isRetryable(error),
    patience_ms: SUBMISSION_PATIENCE_MS,
  });
}
