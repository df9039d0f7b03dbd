import { LogBudget } from "../../core/lib/log-budget.ts";
import { ATTEMPT_LOG_MAX } from "../../core/model/limits.ts";
import type { ProcessorContext } from "../sdk/processor.ts";
import { describeThrown } from "../sdk/thrown.ts";
import { processorJob } from "../sdk/processor-job.ts";
import type { FromRemote, ToRemote } from "./remote-message.ts";

type Run = Extract<ToRemote, { kind: "run" }>;

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
  readonly #remaining_ms: number;
  /** When the remaining time began to pass; undefined before. */
  #clock_at: number | undefined;
  #progress: Extract<FromRemote, { kind: "progress" }> | undefined;
  #progress_at = 0;

  constructor(
    { job, trace, remaining_ms, clockRuns }: Pick<Run, "job" | "trace" | "remaining_ms" | "clockRuns">,
    signal: AbortSignal,
    send: (message: FromRemote) => void,
  ) {
    this.#send = send;
    this.#remaining_ms = remaining_ms;
    if (clockRuns) this.startClock();
    const remaining = (): number => this.#leftMs();
    const logAt =
      (level: keyof ProcessorContext["log"]) =>
      (fields: Readonly<Record<string, unknown>>, message?: string): void =>
        this.#log(level, fields, message);
    this.given = Object.freeze({
      job: processorJob(job),
      attempt: job.attempt,
      signal,
      trace,
      idempotencyKey: job.id,
      get remaining_ms() {
        return remaining();
      },
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

  /** The time of the attempt passes from now on, unless it did already. */
  startClock(): void {
    this.#clock_at ??= performance.now();
  }

  #leftMs(): number {
    const passed_ms = this.#clock_at === undefined ? 0 : performance.now() - this.#clock_at;
    return Math.max(0, Math.round(this.#remaining_ms - passed_ms));
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
