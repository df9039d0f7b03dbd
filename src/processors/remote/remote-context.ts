import { LogBudget } from "../../core/lib/log-budget.ts";
import { ATTEMPT_LOG_MAX } from "../../core/model/limits.ts";
import type { ProcessorContext, ProcessorJob, ProcessorTrace } from "../sdk/processor.ts";
import { describeThrown } from "../sdk/thrown.ts";
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
  // Twice what an attempt may log: the runner holds it to the limit and says so. This keeps a loop that logs
  // from filling the runner's memory.
  readonly #budget = new LogBudget(2 * ATTEMPT_LOG_MAX);
  readonly #debugBudget = new LogBudget(2 * ATTEMPT_LOG_MAX);
  #isOver = false;
  #progress: Extract<FromRemote, { kind: "progress" }> | undefined;
  #progress_at = 0;

  constructor(
    { job, trace }: { readonly job: ProcessorJob; readonly trace: ProcessorTrace | undefined },
    signal: AbortSignal,
    send: (message: FromRemote) => void,
  ) {
    this.#send = send;
    const logAt =
      (level: keyof ProcessorContext["log"]) =>
      (fields: Readonly<Record<string, unknown>>, message?: string): void =>
        this.#log(level, fields, message);
    this.given = Object.freeze({
      job: processorJob(job),
      attempt: job.attempt,
      signal,
      trace,
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
    const told = typeof fraction === "number" ? fraction : Number.NaN;
    this.#progress = { kind: "progress", fraction: told, message: plainText(message) };
    if (performance.now() - this.#progress_at >= PROGRESS_INTERVAL_MS) this.#sendProgress();
  }

  #setCost(cents: number): void {
    if (!Number.isSafeInteger(cents) || cents < 0) {
      throw new TypeError(`cost(${String(cents)}): whole cents, 0 or more`);
    }
    this.cost_cents = cents;
  }

  #sendProgress(): void {
    const progress = this.#progress;
    if (progress === undefined) return;
    this.#progress = undefined;
    this.#progress_at = performance.now();
    this.#send(progress);
  }

  #log(
    level: keyof ProcessorContext["log"],
    fields: Readonly<Record<string, unknown>>,
    message: string | undefined,
  ): void {
    if (this.#isOver) return;
    // The runner drops lines of a level that is off, so they must not use up what the others may have.
    const line = (level === "debug" ? this.#debugBudget : this.#budget).take(fields, message);
    if (line !== undefined) this.#send({ kind: "log", level, fields: line.fields, message: line.message });
  }
}

/** JavaScript authors have no compiler: it may be anything. */
function plainText(text: unknown): string | undefined {
  return text === undefined || typeof text === "string" ? text : describeThrown(text).message;
}
