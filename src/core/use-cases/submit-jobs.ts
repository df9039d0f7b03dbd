import { PlatformError } from "../lib/errors.ts";
import type { KeyedItem } from "../model/idempotency.ts";
import { GroupCommit } from "../lib/group-commit.ts";
import { findInputErrors } from "./input-schema.ts";
import {
  DEFAULT_PRIORITY,
  type Job,
  JOB_BATCH_MAX,
  type JobRepository,
  type NewJob,
  type Priority,
  type Submitted,
} from "../model/job.ts";
import type { JobType } from "../model/job-type.ts";
import { findUnstorable } from "../lib/json.ts";
import { newId } from "../lib/new-id.ts";
import type { Platform } from "./platform.ts";
import type { ReadyQueue } from "../model/ready-queue.ts";
import { isRetryable, withRetry } from "../lib/with-retry.ts";

/** What a customer asks for. */
export interface SubmitJob {
  readonly customer_id: string;
  readonly job_type_id: string;
  readonly priority?: Priority | undefined;
  readonly input_data: unknown;
  readonly run_at?: string | undefined;
  readonly max_attempts?: number | undefined;
  readonly retry_of?: string | undefined;
  readonly key?: KeyedItem | undefined;
}

/** Bytes of input in one batch to the database. */
const BATCH_BYTES_MAX = 8 * 1024 * 1024;
/** Submissions of one process that may wait for the database; beyond that the answer is 503, not more memory. */
const WAITING_MAX = 20_000;

/** While the database is away a submission is answered 503 after the sum of these, 5 s, at the latest. */
const READ_TYPES_FOR_MS = 1_500;
/** Behind a batch that failed: who has waited longer fails with it. */
const PATIENCE_MS = 1_000;
/** A batch is tried again for so long: outlasts a crash and restart of the server (0.5 s). */
const SUBMIT_FOR_MS = 2_500;
const RETRY_DELAY_MAX_MS = 400;

/**
 * Prices, holds and stores jobs, then rings for a runner. A job and its hold exist together or not at all, and each request stands alone: the
 * answer, in the order given, is the stored job or why there is none. Throws `unavailable` when the database was away for all of them.
 */
export async function submitJobs(platform: Platform, requests: readonly SubmitJob[]): Promise<Submitted[]> {
  const typeIds = requests.map((request) => request.job_type_id);
  const jobTypes =
    platform.jobTypeCache.peek(typeIds) ??
    (await withRetry(() => platform.jobTypeCache.findByIds(typeIds), {
      for_ms: READ_TYPES_FOR_MS,
      delay_max_ms: RETRY_DELAY_MAX_MS,
    }));
  const refusals = requests.map((request) => findRefusal(request, jobTypes.get(request.job_type_id)));
  const jobs = requests.filter((_, n) => !refusals[n]).map(toNewJob);
  const taken = (await platform.submissions.addAll(jobs)).values();
  const findReplay = replaysOf(platform);
  const submitted: Submitted[] = [];
  for (const [n, request] of requests.entries()) {
    const refused = refusals[n];
    const next = refused ? undefined : taken.next().value;
    if (refused) submitted.push((await findReplay(request).catch(toRefused)) ?? { refused });
    else if (next?.status === "fulfilled") submitted.push(next.value);
    else submitted.push(toRefused(next?.reason));
  }
  const away = submitted.filter(isUnavailable);
  if (away[0] && away.length === submitted.length) throw away[0].refused;
  return submitted;
}

/** Parts of a large request may be stored while another part finds the database away: what was stored must be told. */
function toRefused(error: unknown): Submitted {
  if (isRetryable(error)) return { refused: error };
  throw error;
}

function isUnavailable(submitted: Submitted): submitted is { refused: PlatformError } {
  return "refused" in submitted && submitted.refused.retryable;
}

/** `submitJobs` of one; throws the refusal. */
export async function submitJob(platform: Platform, request: SubmitJob): Promise<Job> {
  return (await submitOne(platform, request)).job;
}

/** `submitJob` that also tells whether an earlier request under the same key had made the job. */
export async function submitOne(platform: Platform, request: SubmitJob) {
  const [submitted] = await submitJobs(platform, [request]);
  if (!submitted) throw new Error("submitJobs answered nothing");
  if ("refused" in submitted) throw submitted.refused;
  return submitted;
}

/** The group commit that all submissions of a process share. */
export function createSubmissions(
  jobs: JobRepository,
  readyQueue: ReadyQueue,
): GroupCommit<NewJob, Submitted> {
  return new GroupCommit<NewJob, Submitted>({
    batchMax: JOB_BATCH_MAX,
    weightMax: BATCH_BYTES_MAX,
    weigh: (job) => roughBytes(job.input_data),
    queueMax: WAITING_MAX,
    inFlightMax: 2,
    batchMin: JOB_BATCH_MAX,
    onFull: () => new PlatformError("unavailable", "Too many submissions wait for the database. Try again."),
    isolates: (error) => !isRetryable(error),
    patience_ms: PATIENCE_MS,
    async run(batch, answerAfter) {
      const room = readyQueue.room();
      // The first attempt may have been stored although its answer was lost: `submit` knows a job by its id.
      const submitted = await withRetry(() => jobs.submit(batch, room), {
        for_ms: SUBMIT_FOR_MS,
        delay_max_ms: RETRY_DELAY_MAX_MS,
      });
      // PostgreSQL is the truth, the ready queue a hint: `refill` pushes again if we die on this line.
      const due = submitted.flatMap((one) => ("job" in one && one.due ? [one.job] : []));
      answerAfter(readyQueue.push(due, room));
      return submitted;
    },
  });
}

/** The job type may have become stricter since the key made its job: what was made is still the answer. One look-up a key. */
function replaysOf({ jobs }: Platform): (request: SubmitJob) => Promise<Submitted | undefined> {
  const made = new Map<string, ReturnType<JobRepository["findMade"]>>();
  return async ({ key }) => {
    if (!key) return undefined;
    const ofKey = made.get(key.id) ?? jobs.findMade(key);
    made.set(key.id, ofKey);
    const job = (await ofKey)[key.item];
    return job && { job, due: false, replayed: true };
  };
}

/** What is wrong with the input itself, before the database is asked. */
export function findRefusal(request: SubmitJob, jobType: JobType | undefined): PlatformError | undefined {
  const faults = findUnstorable(request.input_data, "/input_data");
  if (faults.length > 0)
    return new PlatformError("validation_failed", "input_data cannot be stored.", { errors: faults });
  const errors = jobType ? findInputErrors(jobType, request.input_data) : [];
  if (errors.length > 0) {
    return new PlatformError("input_invalid", `The job type "${jobType?.name}" does not accept this input.`, {
      errors,
    });
  }
  return undefined;
}

/** Field by field: a spread costs three times as much. */
function toNewJob(request: SubmitJob): NewJob {
  return {
    id: newId(),
    customer_id: request.customer_id,
    job_type_id: request.job_type_id,
    priority: request.priority ?? DEFAULT_PRIORITY,
    input_data: request.input_data,
    run_at: request.run_at,
    max_attempts: request.max_attempts,
    retry_of: request.retry_of,
    key: request.key,
  };
}

/** Text dominates; the rest is counted at a flat rate. Only has to keep a batch of large inputs from becoming huge. */
function roughBytes(value: unknown): number {
  return typeof value === "string" ? value.length : JSON.stringify(value).length;
}
