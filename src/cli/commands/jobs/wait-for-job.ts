import { setTimeout as pause } from "node:timers/promises";
import { jobNotFound } from "../../../core/model/not-found.ts";
import { hasEnded, type Job } from "../../../core/model/job.ts";
import type { Platform } from "../../../core/use-cases/platform.ts";
import { withRetry } from "../../../core/lib/with-retry.ts";

/**
 * Polls often at first, as most jobs are short, and then slowly enough that a thousand waiting shells are no
 * load.
 */
const FIRST_POLL_MS = 50;
const POLL_MAX_MS = 1_000;
/** Waiting gives up when the database is unavailable for this long. The job itself goes on. */
const AWAY_MAX_MS = 30_000;

export interface Following {
  /** Called for each new status that is seen. */
  readonly onStatus?: (job: Job) => Promise<void>;
  /** Called at each look. */
  readonly onLook?: (job: Job) => void;
  /** Called at each look that finds the job still pending, but the first ones of the first second. */
  readonly onPending?: (job: Job) => Promise<void>;
  /** Ends the waiting, not the job. */
  readonly signal?: AbortSignal | undefined;
}

/** Returns the job when it has ended, however long that takes; as it was last seen once `signal` is aborted. */
export async function waitForJob(
  { jobs }: Pick<Platform, "jobs">,
  id: string,
  { onStatus, onLook, onPending, signal }: Following,
): Promise<Job> {
  let seen: Job["status"] | undefined;
  for (let poll_ms = FIRST_POLL_MS; ; poll_ms = Math.min(poll_ms * 2, POLL_MAX_MS)) {
    const job = await withRetry(() => jobs.findById(id), { for_ms: AWAY_MAX_MS });
    if (!job) throw jobNotFound(id);
    onLook?.(job);
    if (job.status !== seen) await onStatus?.(job);
    if (hasEnded(job.status) || signal?.aborted) return job;
    if (job.status === "pending" && poll_ms === POLL_MAX_MS) await onPending?.(job);
    seen = job.status;
    await pause(poll_ms, undefined, { signal }).catch(() => undefined);
  }
}
