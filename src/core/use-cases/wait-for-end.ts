import { PlatformError } from "../lib/errors.ts";
import { GroupCommit } from "../lib/group-commit.ts";
import { hasEnded, type Job, type JobRepository } from "../model/job.ts";
import { WAIT_LOOK_BATCH_MAX, WAIT_LOOK_MS, WAITS_MAX } from "../model/limits.ts";
import type { Platform } from "./platform.ts";

interface Wait {
  readonly wait_ms: number;
  /** Ends the waiting, not the job. */
  readonly signal: AbortSignal;
}

export type WaitForEnd = (submitted: Job, wait: Wait) => Promise<Job>;

interface Parts extends Pick<Platform, "jobChanges"> {
  readonly jobs: Pick<JobRepository, "findById" | "findEnded">;
}

/**
 * Returns what waits until a job has ended, `wait_ms` at most, and returns it as it is then. It looks when a
 * process tells that the job ended, and every few seconds, because that may be lost. All who look at a moment
 * share a query, and each reads its whole job once. When the database is away, the job is returned as it was
 * last seen.
 */
export function createWaitForEnd({ jobs, jobChanges }: Parts): WaitForEnd {
  const looks = new GroupCommit<string, boolean>({
    run: async (ids) => {
      const ended = await jobs.findEnded(ids);
      return ids.map((id) => ended.has(id));
    },
    batchMax: WAIT_LOOK_BATCH_MAX,
    queueMax: WAITS_MAX,
    onFull: () => new PlatformError("unavailable", "Too many requests look at their jobs. Try again."),
    isolates: () => false,
  });

  return async (submitted, { wait_ms, signal }) => {
    const { id } = submitted;
    if (hasEnded(submitted.status)) return submitted;
    const until = performance.now() + wait_ms;
    let rang = false;
    let wake = (): void => undefined;
    const ring = (): void => {
      rang = true;
      wake();
    };
    const unwatch = jobChanges.watch(id, (change) => {
      if (change === "ended") ring();
    });
    signal.addEventListener("abort", ring);
    try {
      for (;;) {
        // Before it looks: what ends meanwhile rings again.
        rang = false;
        const isOver = signal.aborted || performance.now() >= until;
        if (isOver || (await looks.add(id).catch(() => false))) {
          const job = await jobs.findById(id).catch(() => undefined);
          if (isOver || job) return job ?? submitted;
        }
        if (rang) continue;
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, Math.min(Math.max(0, until - performance.now()), WAIT_LOOK_MS));
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
    } finally {
      unwatch();
      signal.removeEventListener("abort", ring);
    }
  };
}
