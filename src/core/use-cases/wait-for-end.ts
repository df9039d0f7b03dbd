import { hasEnded, type Job } from "../model/job.ts";
import { WAIT_LOOK_MS } from "../model/limits.ts";
import type { Platform } from "./platform.ts";

interface Wait {
  readonly wait_ms: number;
  /** Ends the waiting, not the job. */
  readonly signal: AbortSignal;
}

/**
 * Waits until a job has ended, `wait_ms` at most, and returns it as it is then. It looks when a process tells
 * that the job ended, and every few seconds, because that may be lost. When the database is away, the job is
 * returned as it was last seen.
 */
export async function waitForEnd(
  { jobs, jobChanges }: Pick<Platform, "jobs" | "jobChanges">,
  submitted: Job,
  { wait_ms, signal }: Wait,
): Promise<Job> {
  const until = performance.now() + wait_ms;
  let job = submitted;
  let rang = false;
  let wake = (): void => undefined;
  const end = (): void => wake();
  const unwatch = jobChanges.watch(job.id, (change) => {
    if (change !== "ended") return;
    rang = true;
    wake();
  });
  signal.addEventListener("abort", end);
  try {
    for (;;) {
      // Before it looks: what ends meanwhile rings again.
      rang = false;
      job = (await jobs.findById(job.id).catch(() => undefined)) ?? job;
      const left_ms = until - performance.now();
      if (hasEnded(job.status) || left_ms <= 0 || signal.aborted) return job;
      if (rang) continue;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.min(left_ms, WAIT_LOOK_MS));
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  } finally {
    unwatch();
    signal.removeEventListener("abort", end);
  }
}
