import type { Bell } from "../core/model/bell.ts";
import type { JobRepository } from "../core/model/job.ts";
import type { ReadyQueue } from "../core/model/ready-queue.ts";
import type { WaitingJobRepository } from "../core/model/waiting-jobs.ts";
import { directClaims } from "./direct-claims.ts";

const PROMOTE_BATCH = 1_000;

interface Parts {
  readonly jobs: JobRepository;
  readonly waitingJobs: WaitingJobRepository;
  readonly bell: Bell;
}

/**
 * The ready queue without Redis: runners claim straight from `job_queue` in PostgreSQL, and the bell wakes
 * them.
 */
export function createPostgresReadyQueue({ jobs, waitingJobs, bell }: Parts): ReadyQueue {
  const direct = directClaims(jobs, bell);
  return {
    room: () => ({ 0: false, 1: false, 2: false, rings: true }),
    async push(due, { rings = false }) {
      if (due.length > 0 && !rings) await direct.ring();
    },
    claim: direct.claim,
    wake() {
      direct.wake();
      return Promise.resolve();
    },
    async refill() {
      const promoted = await waitingJobs.promoteDue(PROMOTE_BATCH);
      if (promoted > 0) await direct.ring();
      return promoted === PROMOTE_BATCH;
    },
    lengths: () => Promise.resolve(undefined),
    join: () => Promise.resolve(),
    ping: () => Promise.resolve(),
    findRival: () => Promise.resolve(undefined),
    close: () => bell.close(),
  };
}
