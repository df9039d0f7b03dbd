import type { JsonText } from "../../core/lib/json-text.ts";
import { APART_IDLE_MS, APART_MAX } from "../../core/model/limits.ts";
import { isProcessorCrash } from "../sdk/processor-crash.ts";
import { ApartProcess, type ApartTask } from "./apart-process.ts";

interface ApartPlacesOptions {
  readonly placesMax?: number;
  readonly idle_ms?: number;
}

interface Idle {
  readonly file: string;
  readonly timer: NodeJS.Timeout;
}

/**
 * Runs attempts in processes of their own, some at a time; further ones wait, first come, first served. A process
 * that an attempt left as it found it takes the next attempt of the same file: a start takes as much processor
 * time as a thousand short attempts.
 */
export class ApartPlaces {
  readonly #placesMax: number;
  readonly #idle_ms: number;
  #taken = 0;
  /** They have a place until they are gone, or quiet. */
  readonly #working = new Set<ApartProcess>();
  /** The one that has waited longest comes first. */
  readonly #idle = new Map<ApartProcess, Idle>();
  // A set keeps the order, and lets one leave from the middle.
  readonly #waiting = new Set<() => void>();

  constructor({ placesMax = APART_MAX, idle_ms = APART_IDLE_MS }: ApartPlacesOptions = {}) {
    this.#placesMax = placesMax;
    this.#idle_ms = idle_ms;
  }

  /** Rejects with the signal's reason the moment it aborts, also while it waits for a place. */
  async run(task: ApartTask): Promise<JsonText | null> {
    await this.#takePlace(task.context.signal);
    const idle = this.#takeIdle(task.file);
    if (idle === undefined) return await this.#runIn(this.#start(), task);
    try {
      return await this.#runIn(idle, task);
    } catch (error) {
      if (!isProcessorCrash(error)) throw error;
      // Somebody may have killed it while it waited, or an attempt before this one has left what ended it: nobody
      // is convicted but in a process that was new.
      await this.#takePlace(task.context.signal);
      return await this.#runIn(this.#start(), task);
    }
  }

  async #runIn(process: ApartProcess, task: ApartTask): Promise<JsonText | null> {
    this.#working.add(process);
    const output = await process.run(task);
    void this.#afterSuccess(process, task.file);
    return output;
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

  #takeIdle(file: string): ApartProcess | undefined {
    for (const [process, idle] of this.#idle) {
      if (idle.file !== file) continue;
      this.#forget(process);
      return process;
    }
    return undefined;
  }

  #start(): ApartProcess {
    // Those that wait have no place, but memory.
    const [oldest] = this.#idle.keys();
    if (oldest !== undefined && this.#taken + this.#idle.size > this.#placesMax) this.#end(oldest);
    try {
      const process = new ApartProcess(() => {
        this.#forget(process);
        if (this.#working.delete(process)) this.#leavePlace();
      });
      return process;
    } catch (error) {
      this.#leavePlace();
      throw error;
    }
  }

  /** One that is not quiet is killed, and leaves its place when it is gone. */
  async #afterSuccess(process: ApartProcess, file: string): Promise<void> {
    if (!(await process.becomesQuiet()) || !this.#working.delete(process)) return;
    this.#idle.set(process, { file, timer: setTimeout(() => this.#end(process), this.#idle_ms).unref() });
    this.#leavePlace();
  }

  #end(process: ApartProcess): void {
    this.#forget(process);
    process.kill();
  }

  #forget(process: ApartProcess): void {
    clearTimeout(this.#idle.get(process)?.timer);
    this.#idle.delete(process);
  }
}
