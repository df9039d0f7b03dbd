import type { Logger } from "pino";
import { cut } from "../core/lib/cut.ts";
import type { Redactor } from "../core/lib/redactor.ts";
import { JOB_LOG_LINE_MAX, PROGRESS_MESSAGE_MAX } from "../core/model/limits.ts";
import type { ClaimedJob } from "../core/model/job.ts";
import type { JobType } from "../core/model/job-type.ts";
import type { AttemptTrace } from "../core/model/traces.ts";
import type { ProcessorRegistry } from "../processors/loader/registry.ts";
import { processorJob } from "../processors/sdk/processor-job.ts";
import type { ProcessorContext, ProcessorJob, ProcessorTrace } from "../processors/sdk/processor.ts";
import { createAttemptLog } from "./attempt-log.ts";
import { attemptRedactor } from "./attempt-redactor.ts";
import type { Interrupter } from "./interrupter.ts";
import type { AttemptTeller } from "./job-log-writer.ts";

interface Parts {
  readonly job: ClaimedJob;
  readonly jobType: JobType | undefined;
  readonly processors: ProcessorRegistry;
  readonly jobLog: AttemptTeller;
  readonly interrupter: Interrupter;
  readonly log: Logger;
  readonly trace?: AttemptTrace | undefined;
}

/**
 * What a processor is told of its attempt. It cannot be written to, and nothing of the runner's is in reach of
 * it. Members are created when they are first used, because most attempts use none. Functions are bound, so
 * that a processor may destructure the context.
 */
export class AttemptContext implements ProcessorContext {
  readonly #parts: Parts;
  #job: ProcessorJob | undefined;
  #log: ProcessorContext["log"] | undefined;
  #cost_cents: number | undefined;
  #saidCost = false;
  #redactor: Redactor | "none" | undefined;
  #due_at: number | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
    Object.freeze(this);
  }

  /** The cost that the processor set last; undefined when it set none. No member: the processor has those. */
  static costOf(context: AttemptContext): number | undefined {
    return context.#cost_cents;
  }

  /** From now on the time of the attempt passes: it is over at `due_at`, as `performance.now` counts. */
  static startClock(context: AttemptContext, due_at: number): void {
    context.#due_at = due_at;
  }

  get job(): ProcessorJob {
    return (this.#job ??= processorJob(this.#parts.job));
  }

  get attempt(): number {
    return this.#parts.job.attempt;
  }

  get signal(): AbortSignal {
    return this.#parts.interrupter.signal;
  }

  get trace(): ProcessorTrace | undefined {
    return this.#parts.trace?.context;
  }

  get idempotencyKey(): string {
    return this.#parts.job.id;
  }

  get remaining_ms(): number {
    const { jobType } = this.#parts;
    if (this.#due_at === undefined) return (jobType?.timeout_seconds ?? 0) * 1_000;
    return Math.max(0, Math.round(this.#due_at - performance.now()));
  }

  get log(): ProcessorContext["log"] {
    // Functions only: by a logger of the runner's own a processor could reach all of its log.
    const { job, log, jobLog, trace } = this.#parts;
    const names = { job_id: job.id, attempt: job.attempt, ...(trace && { trace_id: trace.traceId }) };
    return (this.#log ??= Object.freeze(
      createAttemptLog({
        log: log.child(names),
        keep: (level, message) => jobLog.line(job, level, storable(message, JOB_LOG_LINE_MAX)),
        redactor: () => this.#findRedactor(),
      }),
    ));
  }

  get progress(): ProcessorContext["progress"] {
    return (fraction, message) => {
      // JavaScript authors have no compiler: it may be anything.
      if (typeof fraction !== "number" || Number.isNaN(fraction)) return;
      const { job, jobLog } = this.#parts;
      const shown = typeof message === "string" ? this.#shownMessage(message) : undefined;
      jobLog.progress(job, Math.min(1, Math.max(0, fraction)), shown);
    };
  }

  /** Secrets are looked for in more than is shown, so that none is cut in two. */
  #shownMessage(message: string): string {
    const text = storable(message, 4 * PROGRESS_MESSAGE_MAX);
    const isCut = message.length > 4 * PROGRESS_MESSAGE_MAX;
    return cut(this.#findRedactor()?.redact(text, isCut) ?? text, PROGRESS_MESSAGE_MAX);
  }

  #findRedactor(): Redactor | undefined {
    this.#redactor ??= attemptRedactor(this.#parts) ?? "none";
    return this.#redactor === "none" ? undefined : this.#redactor;
  }

  get cost(): ProcessorContext["cost"] {
    return (cents) => {
      if (!Number.isSafeInteger(cents) || cents < 0)
        throw new TypeError(`cost(${String(cents)}): whole cents, 0 or more`);
      const { estimated_cost_cents } = this.#parts.job;
      if (cents > estimated_cost_cents && !this.#saidCost) {
        this.#saidCost = true;
        this.log.warn(
          { cost_cents: cents, estimated_cost_cents },
          "the cost is above the quote, which is the most that is charged",
        );
      }
      this.#cost_cents = Math.min(cents, estimated_cost_cents);
    };
  }
}

/** PostgreSQL takes any text but half a pair and the character NUL. */
function storable(text: string, charactersMax: number): string {
  return cut(text, charactersMax).replaceAll("\0", "").toWellFormed();
}

// One for all attempts: what one processor writes there, all others would read.
Object.freeze(AttemptContext);
Object.freeze(AttemptContext.prototype);
