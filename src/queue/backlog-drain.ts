import type { Priority } from "../core/model/job.ts";

/** The runner of this process drains the backlog when it last claimed from it no longer ago than this. */
const OURS_FOR_MS = 1_000;

/** What this process knows of the backlog: its highest priority, and whether its own runner drains it. */
export class BacklogDrain {
  #priority: Priority | undefined;
  #claimed_at = -Infinity;

  /** The highest priority of which a backlog waits; undefined when none is known. */
  get priority(): Priority | undefined {
    return this.#priority;
  }

  /** Our own runner has claimed jobs from the backlog within the last second. */
  get isOurs(): boolean {
    return performance.now() - this.#claimed_at < OURS_FOR_MS;
  }

  /** Our runner claimed `count` jobs from the backlog. None: the backlog is empty. */
  claimed(count: number): void {
    if (count === 0) this.#priority = undefined;
    else this.#claimed_at = performance.now();
  }

  /**
   * A round of refill left a backlog of this priority behind, or none. While our own runner drains the
   * backlog, only a higher priority is news: the runner itself finds out when the backlog is empty, by a
   * claim that returns nothing.
   */
  refilled(priority: Priority | undefined): void {
    if (!this.isOurs || isHigher(priority, this.#priority)) this.#priority = priority;
  }
}

function isHigher(one: Priority | undefined, other: Priority | undefined): boolean {
  return one !== undefined && (other === undefined || one < other);
}
