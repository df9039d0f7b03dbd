import type { JsonText } from "../../core/lib/json-text.ts";
import { APART_MAX } from "../../core/model/limits.ts";
import { runApart, type ApartTask } from "./run-apart.ts";

/** Runs attempts in processes of their own, some at a time; further ones wait, first come, first served. */
export class ApartPlaces {
  readonly #placesMax: number;
  #taken = 0;
  // A set keeps the order, and lets one leave from the middle.
  readonly #waiting = new Set<() => void>();

  constructor(placesMax = APART_MAX) {
    this.#placesMax = placesMax;
  }

  /** Rejects with the signal's reason the moment it aborts, also while it waits for a place. */
  async run(task: ApartTask): Promise<JsonText | null> {
    await this.#takePlace(task.context.signal);
    return await runApart(task, () => this.#leavePlace());
  }

  async #takePlace(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#taken < this.#placesMax) {
      this.#taken += 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const onAbort = (): void => {
        this.#waiting.delete(start);
        reject(signal.reason as Error);
      };
      const start = (): void => {
        signal.removeEventListener("abort", onAbort);
        resolve();
      };
      this.#waiting.add(start);
      signal.addEventListener("abort", onAbort);
    });
  }

  /** Gives the place to the attempt that has waited longest. */
  #leavePlace(): void {
    const [start] = this.#waiting;
    if (start === undefined) {
      this.#taken -= 1;
      return;
    }
    this.#waiting.delete(start);
    start();
  }
}
