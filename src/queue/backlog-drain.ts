/** The runner of this process drains the backlog when it last claimed from it no longer ago than this. */
const OURS_FOR_MS = 1_000;

/** What this process knows of the backlog: whether one waits, and whether its own runner drains it. */
export class BacklogDrain {
  #waits = false;
  #claimed_at = -Infinity;

  /** More jobs are due than the ready lists told of, as far as this process knows. */
  get waits(): boolean {
    return this.#waits;
  }

  /** Our own runner has claimed jobs in turns within the last second. */
  get isOurs(): boolean {
    return performance.now() - this.#claimed_at < OURS_FOR_MS;
  }

  /** Something was heard that makes a look worth while: a ring, or more ids than there are slots. */
  suspect(): void {
    this.#waits = true;
  }

  /** Our runner claimed `count` jobs in turns. None: nothing waits that it may run. */
  claimed(count: number): void {
    this.#waits = count > 0;
    if (count > 0) this.#claimed_at = performance.now();
  }

  /**
   * A round of refill left a backlog behind, or none. While our own runner drains the backlog it finds out by
   * itself when that is empty: by a claim that returns nothing.
   */
  refilled(leftBacklog: boolean): void {
    if (leftBacklog || !this.isOurs) this.#waits = leftBacklog;
  }
}
