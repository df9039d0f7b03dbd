import { within } from "../core/lib/within.ts";
import { FIGURES_EVERY_MS, FIGURES_WAIT_MS } from "../core/model/limits.ts";

/** After a read that took long, the pause is this many times as long: metrics cost 5 % of a connection at most. */
const PAUSE_TIMES = 20;

interface Pace {
  readonly every_ms?: number;
  readonly wait_ms?: number;
}

/**
 * Reads something at most every few seconds, however often it is asked for, and never twice at a time. Who asks
 * in between gets what was read last.
 */
export class CachedReading<T> {
  readonly #read: () => Promise<T>;
  readonly #every_ms: number;
  readonly #wait_ms: number;
  #last: { readonly value: T } | undefined;
  #reading: Promise<void> | undefined;
  #next_at = -Infinity;

  constructor(read: () => Promise<T>, { every_ms = FIGURES_EVERY_MS, wait_ms = FIGURES_WAIT_MS }: Pace = {}) {
    this.#read = read;
    this.#every_ms = every_ms;
    this.#wait_ms = wait_ms;
  }

  /** Undefined when the last read failed. One that is not done in time is for whoever asks next. Never rejects. */
  async get(): Promise<T | undefined> {
    if (performance.now() < this.#next_at) return this.#last?.value;
    this.#reading ??= this.#readAgain();
    await within(this.#wait_ms, this.#reading).catch(() => undefined);
    return this.#last?.value;
  }

  async #readAgain(): Promise<void> {
    const started_at = performance.now();
    try {
      this.#last = { value: await this.#read() };
    } catch {
      // Whoever reads the metrics sees it by `iep_figures_read`.
      this.#last = undefined;
    }
    const ended_at = performance.now();
    this.#next_at = ended_at + Math.max(this.#every_ms, PAUSE_TIMES * (ended_at - started_at));
    this.#reading = undefined;
  }
}
