import type { Logger } from "pino";
import { ERROR_MESSAGE_MAX } from "../core/model/limits.ts";
import { retryDelayMs } from "../core/lib/backoff.ts";
import type { ClaimedJob, JobError, Outcome } from "../core/model/job.ts";
import type { JobType } from "../core/model/job-type.ts";
import type { Processor, ProcessorContext } from "../processors/sdk/processor.ts";
import { isFatal } from "../processors/sdk/fatal-error.ts";
import { parseInput, parseOutput } from "../processors/sdk/parse-data.ts";
import type { ProcessorRegistry } from "../processors/loader/registry.ts";
import { createAttemptLog } from "./attempt-log.ts";
import { withStack } from "./with-stack.ts";
import { endedByStop, type StopNotice } from "./ended-by-stop.ts";
import { Interruption, type Interrupter } from "./interrupter.ts";

export interface Attempt {
  readonly job: ClaimedJob;
  readonly jobType: JobType | undefined;
  readonly processors: ProcessorRegistry;
  readonly interrupter: Interrupter;
  readonly log: Logger;
  readonly stop: StopNotice;
}

/**
 * Runs one attempt of a job and returns its outcome, which the caller writes. Returns undefined when the job
 * is no longer this attempt's to end: it was cancelled, or its runner was declared dead. Never rejects.
 */
export async function runAttempt(attempt: Attempt): Promise<Outcome | undefined> {
  const { job, jobType, interrupter } = attempt;
  let timer: NodeJS.Timeout | undefined;
  let due_at = Infinity;
  const seconds = jobType?.timeout_seconds ?? 0;
  // A processor that keeps the event loop busy keeps the timer from firing, so the clock is asked as well.
  const compareClock = (): void => {
    if (performance.now() >= due_at) timeOut(interrupter, seconds);
  };
  try {
    const processor = processorFor(attempt);
    const input = parseInput(processor, job.input_data);
    const context = new AttemptContext(attempt);
    due_at = performance.now() + seconds * 1_000;
    timer = setTimeout(timeOut, seconds * 1_000, interrupter, seconds);
    interrupter.throwIfInterrupted();
    const result = await interrupter.race(processor.run(input, context));
    compareClock();
    interrupter.throwIfInterrupted();
    const output = parseOutput(processor, result);
    return { id: job.id, attempt: job.attempt, kind: "succeeded", output, cost_cents: context.cost_cents };
  } catch (error) {
    compareClock();
    if (interrupter.reason === undefined && (await endedByStop(error, attempt.stop))) {
      return { id: job.id, attempt: job.attempt, kind: "released" };
    }
    // When the attempt was told to stop, that is why it ended, whatever the processor then threw.
    return decideOutcome(job, interrupter.reason ?? error);
  } finally {
    clearTimeout(timer);
  }
}

function timeOut(interrupter: Interrupter, seconds: number): void {
  interrupter.interrupt(new Interruption("timed_out", `The attempt took longer than ${seconds} s.`));
}

/** Returns the outcome of an attempt that did not succeed. Pure but for the jitter of the retry's delay. */
export function decideOutcome(job: ClaimedJob, failure: unknown): Outcome | undefined {
  const { id, attempt } = job;
  if (failure instanceof Interruption && failure.code !== "timed_out") {
    return failure.code === "shutdown" ? { id, attempt, kind: "released" } : undefined;
  }
  const error = withStack(toJobError(failure), failure);
  const failures = attempt - job.excused_attempts;
  if (isFatal(failure) || failures >= job.max_attempts) return { id, attempt, kind: "failed", error };
  return { id, attempt, kind: "retry", error, delay_ms: retryDelayMs(failures) };
}

function processorFor({ jobType, processors }: Attempt): Processor {
  const processor = jobType && processors.get(jobType.processing_logic_id);
  if (processor) return processor;
  throw Object.assign(new Error(`This runner has no processor "${jobType?.processing_logic_id ?? "?"}".`), {
    code: "unknown_processor",
  });
}

/**
 * What a processor sees of its attempt. Members are created when they are first used, because most attempts
 * use none. Functions are bound, so that a processor may destructure the context.
 */
class AttemptContext implements ProcessorContext {
  readonly job: ClaimedJob;
  readonly attempt: number;
  readonly #interrupter: Interrupter;
  readonly #runnerLog: Logger;
  #log: ProcessorContext["log"] | undefined;
  #cost_cents: number | undefined;
  #saidCost = false;

  constructor({ job, interrupter, log }: Attempt) {
    this.job = job;
    this.attempt = job.attempt;
    this.#interrupter = interrupter;
    this.#runnerLog = log;
  }

  get signal(): AbortSignal {
    return this.#interrupter.signal;
  }

  get log(): ProcessorContext["log"] {
    return (this.#log ??= createAttemptLog(
      this.#runnerLog.child({ job_id: this.job.id, attempt: this.attempt }),
    ));
  }

  get progress(): ProcessorContext["progress"] {
    return (fraction, message) => this.log.debug({ progress: fraction }, message ?? "progress");
  }

  get cost(): ProcessorContext["cost"] {
    return (cents) => {
      if (!Number.isSafeInteger(cents) || cents < 0)
        throw new TypeError(`cost(${cents}): whole cents, 0 or more`);
      const { estimated_cost_cents } = this.job;
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

  /** The cost that the processor set last; undefined when it set none. */
  get cost_cents(): number | undefined {
    return this.#cost_cents;
  }
}

/** Returns the error as the customer reads it on the job. */
function toJobError(failure: unknown): JobError {
  const message = failure instanceof Error ? failure.message : String(failure);
  const code =
    failure instanceof Error && "code" in failure && typeof failure.code === "string"
      ? failure.code
      : undefined;
  return {
    code: isOwnCode(code) ? code : "attempt_failed",
    message: storable(message).slice(0, ERROR_MESSAGE_MAX).toWellFormed(),
  };
}

/**
 * Our codes and those of processors are lower case with `_`. Codes of Node and of libraries (`ENOENT`) mean
 * nothing to a customer.
 */
function isOwnCode(code: string | undefined): code is string {
  return code !== undefined && /^[a-z][a-z0-9_]{0,99}$/.test(code);
}

function storable(text: string): string {
  return text.replaceAll("\u0000", "\uFFFD");
}
