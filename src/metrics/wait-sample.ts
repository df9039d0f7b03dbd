import { WAITS_SAMPLED_MAX } from "../core/model/limits.ts";
import type { ClaimedJob } from "../core/model/job.ts";

/**
 * A fair sample of what was claimed since it was last taken: each job is as likely to be in it as any other
 * (reservoir sampling), and it needs no memory for more.
 */
export class WaitSample {
  #sample: ClaimedJob[] = [];
  #seen = 0;

  add(jobs: readonly ClaimedJob[]): void {
    for (const job of jobs) {
      this.#seen += 1;
      const place = this.#seen <= WAITS_SAMPLED_MAX ? this.#seen - 1 : Math.floor(Math.random() * this.#seen);
      if (place < WAITS_SAMPLED_MAX) this.#sample[place] = job;
    }
  }

  take(): readonly ClaimedJob[] {
    const sample = this.#sample;
    this.#sample = [];
    this.#seen = 0;
    return sample;
  }
}
