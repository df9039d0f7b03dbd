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
  /** When the last claim took all that waited: how many rings were heard before it, and whether its runner was idle. */
  let emptied: { readonly heard: number; readonly idle: boolean } | undefined;
  return {
    async claim({ wait_ms, ...request }) {
      const { idle = false } = request;
      const deadline = performance.now() + wait_ms;
      const wakesBefore = wakes;
      // Whoever is idle now, and was not, may get a job that must run alone.
      if (wait_ms > 0 && emptied?.heard === bell.heard && emptied.idle === idle)
        await bell.wait(bell.heard, Math.min(wait_ms, POLL_MS));
      for (;;) {
        const { heard } = bell;
        const claimed = await jobs.claimTurns(request);
        emptied = jobs.tookAll ? { heard, idle } : undefined;
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
