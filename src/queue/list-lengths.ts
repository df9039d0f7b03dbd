import { JOB_BATCH_MAX, READY_WINDOW } from "../core/model/limits.ts";
import { PRIORITIES, type Priority } from "../core/model/job.ts";
import type { Room } from "../core/model/ready-queue.ts";

/** A list that is believed to be full is looked at again when that knowledge is older than this. */
const FULL_KNOWN_MS = 250;

export type Lengths = Readonly<Record<Priority, number>>;

/** The lengths of the ready lists as this process last heard them from Redis. */
export class ListLengths {
  #lengths: Lengths = { 0: 0, 1: 0, 2: 0 };
  #asked_at = performance.now();

  get lengths(): Lengths {
    return this.#lengths;
  }

  /**
   * A list has room when a whole batch of submissions fits below `READY_WINDOW`. `refill` fills what is left
   * above that, because it is fair to all customers and a push is not.
   */
  get room(): Room {
    return { 0: this.#hasRoom(0), 1: this.#hasRoom(1), 2: this.#hasRoom(2) };
  }

  /** A list is believed to be full, and nobody has asked Redis for 250 ms: it may have room again. */
  get isDoubtful(): boolean {
    if (PRIORITIES.every((priority) => this.#hasRoom(priority))) return false;
    return performance.now() - this.#asked_at > FULL_KNOWN_MS;
  }

  /** Redis is being asked: until it replies, nobody else needs to. */
  ask(): void {
    this.#asked_at = performance.now();
  }

  /** Redis has told the lengths of some lists. */
  learn(lengths: Partial<Lengths>): void {
    this.#lengths = { ...this.#lengths, ...lengths };
  }

  #hasRoom(priority: Priority): boolean {
    return this.#lengths[priority] + JOB_BATCH_MAX <= READY_WINDOW;
  }
}
