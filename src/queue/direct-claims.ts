import { PUSH_TIMEOUT_MS } from "../core/model/limits.ts";
import type { Bell } from "../core/model/bell.ts";
import type { JobRepository } from "../core/model/job.ts";
import type { ReadyQueue } from "../core/model/ready-queue.ts";
import { within } from "../core/lib/within.ts";

/** A ring can be lost with its connection, so a claim that waits looks for jobs this often without one. */
const POLL_MS = 1_000;

export interface DirectClaims {
  readonly claim: ReadyQueue["claim"];
  /** Ends a `claim` that waits. */
  wake(): void;
  /** Wakes the claims of all processes that wait. Never rejects, and takes at most `PUSH_TIMEOUT_MS`. */
  ring(): Promise<void>;
}

/**
 * Claims straight from `job_queue` in PostgreSQL. LISTEN/NOTIFY wakes a claim that waits.
 */
export function directClaims(jobs: JobRepository, bell: Bell): DirectClaims {
  let wakes = 0;
  /** A claim that took all that waited: whose it was, whether that runner was idle, and the rings heard before it. */
  let emptied: { readonly runner_id: string; readonly idle: boolean; readonly heard: number } | undefined;
  /** Another runner may serve other jobs. Whoever is idle now, and was not, may get a job that must run alone. */
  const isEmptyFor = (runner_id: string, idle: boolean): boolean =>
    emptied?.runner_id === runner_id && emptied.idle === idle && emptied.heard === bell.heard;
  return {
    async claim({ wait_ms, ...request }) {
      const { runner_id, idle = false } = request;
      const deadline = performance.now() + wait_ms;
      const wakesBefore = wakes;
      if (wait_ms > 0 && isEmptyFor(runner_id, idle)) await bell.wait(bell.heard, Math.min(wait_ms, POLL_MS));
      for (;;) {
        const { heard } = bell;
        const claimed = await jobs.claimTurns(request);
        emptied = jobs.tookAll ? { runner_id, idle, heard } : undefined;
        const left_ms = deadline - performance.now();
        if (claimed.length > 0 || left_ms <= 0 || wakes > wakesBefore) return claimed;
        await bell.wait(heard, Math.min(left_ms, POLL_MS));
      }
    },
    wake() {
      wakes += 1;
      bell.wake();
    },
    async ring() {
      await within(PUSH_TIMEOUT_MS, bell.ring()).catch(() => undefined);
    },
  };
}
