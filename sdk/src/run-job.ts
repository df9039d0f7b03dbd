import { newKey, type RequestOptions } from "./core.ts";
import { JobAlreadyEndedError } from "./errors.gen.ts";
import { ApiError, CancelFailedError, JobCancelledError, JobFailedError } from "./iep-error.ts";
import type { Job } from "./job-types.ts";
import type { AbandonableOptions, SubmitOptions, WaitOptions } from "./jobs.ts";

/** How long the answer to a submission is held back for the end of its job. */
const WAIT_SECONDS = 20;
/** How long an abort waits for what it must know, and for the cancel. */
const GRACE_MS = 10_000;

export interface RunOptions extends Omit<SubmitOptions, keyof WaitOptions>, WaitOptions {
  /** False: an abort only ends the waiting, and the job goes on. Default: true. */
  readonly cancelOnAbort?: boolean | undefined;
}

interface RunnableJobs {
  idOf(type: string, options: RequestOptions): Promise<string>;
  submitAndWait(
    type: string,
    input: unknown,
    options: AbandonableOptions,
    wait_seconds: number,
  ): Promise<Job>;
  wait(id: string, options: WaitOptions): Promise<Job>;
  cancel(id: string, options: RequestOptions): Promise<Job>;
}

/** Submits, waits, and cancels when it is aborted: `Jobs.run`. */
export async function runJob(
  jobs: RunnableJobs,
  type: string,
  input: unknown,
  options: RunOptions,
): Promise<Job> {
  const { signal, wait_ms, onProgress, cancelOnAbort = true, idempotencyKey = newKey(), ...fields } = options;
  const { timeout_ms } = fields;
  const id = await jobs.idOf(type, { signal, timeout_ms });
  // Who may cancel must learn the id first, and who wants progress listens to it.
  const isBlind = signal === undefined && onProgress === undefined && wait_ms === undefined;
  const grace = signal !== undefined && cancelOnAbort ? graceAfter(signal) : undefined;
  let job: Job | undefined;
  try {
    const submission = { ...fields, idempotencyKey, signal: grace?.signal ?? signal, giveUp: signal };
    job = await jobs.submitAndWait(id, input, submission, isBlind ? WAIT_SECONDS : 0);
    if (job.completed_at === null) job = await jobs.wait(job.id, { signal, wait_ms, onProgress, timeout_ms });
  } catch (error) {
    if (grace === undefined || signal?.aborted !== true) throw error;
    // Before the grace is over, a submission ends with the reason only where it has made no job.
    if (job === undefined && error === signal.reason && !grace.signal.aborted) throw error;
    await cancel(jobs, job, { key: idempotencyKey, cause: error });
    throw signal.reason;
  } finally {
    grace?.end();
  }
  if (job.status === "failed") throw new JobFailedError(job);
  if (job.status === "cancelled") throw new JobCancelledError(job);
  return job;
}

/** A signal that is aborted some time after another: until then it can be learned what was submitted. */
function graceAfter(signal: AbortSignal): { readonly signal: AbortSignal; end(): void } {
  const late = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const begin = (): void => void (timer = setTimeout(() => late.abort(signal.reason), GRACE_MS));
  signal.addEventListener("abort", begin, { once: true });
  return {
    signal: late.signal,
    end() {
      clearTimeout(timer);
      signal.removeEventListener("abort", begin);
    },
  };
}

/** Throws a `CancelFailedError` where the job may go on. */
async function cancel(
  jobs: RunnableJobs,
  job: Job | undefined,
  { key, cause }: { readonly key: string; readonly cause: unknown },
): Promise<void> {
  if (job === undefined) {
    // What was refused for good has made no job.
    if (cause instanceof ApiError && !cause.retryable) return;
    throw new CancelFailedError(undefined, key, cause);
  }
  try {
    await jobs.cancel(job.id, { signal: AbortSignal.timeout(GRACE_MS) });
  } catch (error) {
    if (!(error instanceof JobAlreadyEndedError)) throw new CancelFailedError(job.id, key, error);
  }
}
