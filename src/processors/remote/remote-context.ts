import type { ProcessorContext, ProcessorJob } from "../sdk/processor.ts";
import { processorJob } from "../sdk/processor-job.ts";
import type { FromRemote } from "./remote-message.ts";

/** Progress goes out this often at most: a loop may tell of every item, and only the latest counts. */
const PROGRESS_INTERVAL_MS = 50;

/**
 * The context of an attempt, in the thread or process where it runs. What a processor calls after its attempt
 * is dropped: the next may be running.
 */
export class RemoteContext {
  /** What the processor gets. */
  readonly given: ProcessorContext;
  cost_cents: number | undefined;
  readonly #send: (message: FromRemote) => void;
  #isOver = false;
  #progress: Extract<FromRemote, { kind: "progress" }> | undefined;
  #progress_at = 0;

  constructor(job: ProcessorJob, signal: AbortSignal, send: (message: FromRemote) => void) {
    this.#send = send;
    const logAt =
      (level: keyof ProcessorContext["log"]) =>
      (fields: Readonly<Record<string, unknown>>, message?: string): void =>
        this.#log(level, fields, message);
    this.given = Object.freeze({
      job: processorJob(job),
      attempt: job.attempt,
      signal,
      log: Object.freeze({
        debug: logAt("debug"),
        info: logAt("info"),
        warn: logAt("warn"),
        error: logAt("error"),
      }),
      progress: (fraction: number, message?: string) => this.#tellProgress(fraction, message),
      cost: (cents: number) => this.#setCost(cents),
    });
  }

  end(): void {
    this.#sendProgress();
    this.#isOver = true;
  }

  #tellProgress(fraction: number, message: string | undefined): void {
    if (this.#isOver) return;
    this.#progress = { kind: "progress", fraction, message };
    if (performance.now() - this.#progress_at >= PROGRESS_INTERVAL_MS) this.#sendProgress();
  }

  #setCost(cents: number): void {
    if (!Number.isSafeInteger(cents) || cents < 0) {
      throw new TypeError(`cost(${String(cents)}): whole cents, 0 or more`);
    }
    this.cost_cents = cents;
  }

  #sendProgress(): void {
    if (this.#progress === undefined) return;
    this.#send(this.#progress);
    this.#progress = undefined;
    this.#progress_at = performance.now();
  }

  #log(
    level: keyof ProcessorContext["log"],
    fields: Readonly<Record<string, unknown>>,
    message: string | undefined,
  ): void {
    if (this.#isOver) return;
    try {
      this.#send({ kind: "log", level, fields, message });
    } catch {
      // Something in the fields cannot be copied; what JSON takes of them would be logged anyway.
      const copy = JSON.parse(JSON.stringify(fields)) as Readonly<Record<string, unknown>>;
      this.#send({ kind: "log", level, fields: copy, message });
    }
  }
}
