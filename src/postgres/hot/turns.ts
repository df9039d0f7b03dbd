import { PRIORITIES, type Priority } from "../../core/model/job.ts";

/** Customers of whom is known how far they are ahead. */
export const AHEAD_CUSTOMERS_MAX = 500;
/** How far ahead a customer counts at most, in turns: what a claim rounded up, and its last one. */
const TURNS_AHEAD_MAX = 2;

/** A job that was chosen among others, with the priority at which it waited and its customer's weight. */
export interface Turn {
  readonly customer_id: string;
  readonly waited_at: number;
  readonly weight: number;
}

/**
 * Whose turn it is next, as far as what runs does not decide it (stride scheduling). A job moves its customer
 * forward by 1 / weight. `#start` is where those stand who are the furthest behind; who returns begins there,
 * so that nobody saves up turns. Who is ahead waits for the others, but never for more than two of its own
 * turns, whatever it took before.
 *
 * Among customers who are ahead equally, the ring decides: by id, from the one after the cursor.
 */
export class Turns {
  /** By customer: where it stands. Those who are not named stand at the start. */
  readonly #places = new Map<string, number>();
  #start = 0;
  /** By priority: after whom the ring goes on. */
  readonly #cursors = new Map<Priority, string>();

  /** By priority: the customer after whom the ring goes on. */
  get cursors(): (string | undefined)[] {
    return PRIORITIES.map((priority) => this.#cursors.get(priority));
  }

  /** The customers who are ahead. */
  get ahead(): Iterable<string> {
    return this.#places.keys();
  }

  /** How far ahead this customer is, in millionths, so that three thirds are one. */
  aheadOf(customer_id: string): number {
    const place = this.#places.get(customer_id);
    return place === undefined ? 0 : Math.round((place - this.#start) * 1e6) / 1e6;
  }

  /** These jobs were chosen, by one claim. */
  took(jobs: readonly Turn[]): void {
    const weights = new Map<string, number>();
    for (const priority of PRIORITIES) {
      const taken = new Map<string, number>();
      for (const { customer_id, waited_at, weight } of jobs) {
        if (waited_at !== priority) continue;
        taken.set(customer_id, (taken.get(customer_id) ?? 0) + 1);
        weights.set(customer_id, weight);
      }
      if (taken.size === 0) continue;
      this.#moveCursor(priority, taken);
      for (const [id, count] of taken)
        this.#places.set(id, (this.#places.get(id) ?? this.#start) + count / (weights.get(id) ?? 1));
    }
    if (weights.size > 0) this.#moveStart(weights);
  }

  /**
   * Turns go to who is ahead the least, and of several to the first in the ring. The ring goes on after the
   * last of them, if each had one job. Otherwise it goes on after the first, because shares were rounded: in
   * between, somebody may have had nothing.
   */
  #moveCursor(priority: Priority, taken: ReadonlyMap<string, number>): void {
    const cursor = this.#cursors.get(priority) ?? "";
    const isBefore = (a: string, b: string): boolean => {
      const difference = this.aheadOf(a) - this.aheadOf(b);
      if (difference !== 0) return difference < 0;
      const [aWraps, bWraps] = [a <= cursor, b <= cursor];
      return aWraps === bWraps ? a < b : bWraps;
    };
    const oneEach = [...taken.values()].every((count) => count === 1);
    const next = [...taken.keys()].reduce((best, one) => (isBefore(best, one) === oneEach ? one : best));
    this.#cursors.set(priority, next);
  }

  /** `weights`: of the customers who were served. The start is where the last job of one of them began. */
  #moveStart(weights: ReadonlyMap<string, number>): void {
    let start = Infinity;
    for (const [id, weight] of weights) start = Math.min(start, (this.#places.get(id) ?? 0) - 1 / weight);
    this.#start = Math.max(this.#start, start);
    for (const [id, weight] of weights) {
      const furthest = this.#start + TURNS_AHEAD_MAX / weight;
      if ((this.#places.get(id) ?? 0) > furthest) this.#places.set(id, furthest);
    }
    if (this.#places.size > AHEAD_CUSTOMERS_MAX)
      // Those who are the least ahead count as being at the start, where the ring decides.
      this.#start = [...this.#places.values()].toSorted((a, b) => a - b)[this.#places.size >> 1] ?? 0;
    for (const id of this.#places.keys()) if (this.aheadOf(id) <= 0) this.#places.delete(id);
  }
}
