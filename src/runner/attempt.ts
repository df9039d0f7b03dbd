import type { Logger } from "pino";
import { retryDelayMs } from "../core/lib/backoff.ts";
import type { JsonText } from "../core/lib/json-text.ts";
import type { Redactor } from "../core/lib/redactor.ts";
import type { ClaimedJob, Outcome } from "../core/model/job.ts";
import type { JobType } from "../core/model/job-type.ts";
import type { AttemptTrace } from "../core/model/traces.ts";
import { closeScope, openScope, runInScope, type AttemptScope } from "../processors/sdk/code-scope.ts";
import { isFatal } from "../processors/sdk/fatal-error.ts";
import { parseInput, parseOutput } from "../processors/sdk/parse-data.ts";
import { retryDelayOf } from "../processors/sdk/retry-after.ts";
import type { ProcessorRegistry, RegisteredProcessor } from "../processors/loader/registry.ts";
import { AttemptContext } from "./attempt-context.ts";
import { attemptRedactor } from "./attempt-redactor.ts";
import { endedByStop, type StopNotice } from "./ended-by-stop.ts";
import { Interruption, type Interrupter } from "./interrupter.ts";
import { toJobError } from "./job-error.ts";
import type { AttemptTeller } from "./job-log-writer.ts";
import { withStack } from "./with-stack.ts";

export interface Attempt {
  readonly job: ClaimedJob;
  readonly jobType: JobType | undefined;
  readonly processors: ProcessorRegistry;
  readonly interrupter: Interrupter;
  readonly log: Logger;
  readonly jobLog: AttemptTeller;
  readonly stop: StopNotice;
  readonly trace?: AttemptTrace | undefined;
}

/**
 * Runs one attempt of a job and returns its outcome, which the caller writes. Returns undefined when the job
 * is no longer this attempt's to end: it was cancelled, or its runner was declared dead. Never rejects.
 */
export async function runAttempt(attempt: Attempt): Promise<Outcome | undefined> {
  const { job, interrupter } = attempt;
  let timer: Deadline | undefined;
  let scope: AttemptScope | undefined;
  try {
    const processor = processorFor(attempt);
    const context = new AttemptContext(attempt);
    interrupter.throwIfInterrupted();
    let output: JsonText | null;
    if (job.lost_runners > 0 && processor.runApart) {
      // It may be what ended them: until it has shown that it is not, it shares its process with nobody.
      const onStarted = (): void => void (timer ??= startTimer(attempt, context));
      const task = { input_data: job.input_data, context, onStarted };
      output = parseOutput(processor, await interrupter.race(processor.runApart(task)));
    } else {
      timer = startTimer(attempt, context);
      // Whatever it leaves behind in the runner's own thread is laid at the door of this attempt.
      scope = processor.place === undefined ? openScope(scopeOf(attempt, processor)) : undefined;
      output = await interrupter.race(runInScope(scope, runProcessor, attempt, processor, context, timer));
    }
    const cost_cents = AttemptContext.costOf(context);
    return { id: job.id, attempt: job.attempt, kind: "succeeded", output, cost_cents };
  } catch (error) {
    timer?.check();
    if (interrupter.reason === undefined && (await endedByStop(error, attempt.stop))) {
      return { id: job.id, attempt: job.attempt, kind: "released" };
    }
    return decideOutcome(job, interrupter.reason, error, () => attemptRedactor(attempt));
  } finally {
    timer?.clear();
    if (scope) closeScope(scope);
  }
}

/** Input, run and output in one piece: each change of scope costs about a microsecond on Node 24. */
async function runProcessor(
  { job, interrupter }: Attempt,
  processor: RegisteredProcessor,
  context: AttemptContext,
  timer: Deadline,
): Promise<JsonText | null> {
  const result = await processor.run(parseInput(processor, job.input_data), context);
  timer.check();
  interrupter.throwIfInterrupted();
  return parseOutput(processor, result);
}

function scopeOf({ job, interrupter }: Attempt, { file }: RegisteredProcessor): AttemptScope {
  const { id: job_id, job_type_id, attempt } = job;
  return { job_id, job_type_id, attempt, file, interrupter, uncaught: 0 };
}

interface Deadline {
  /** Interrupts the attempt when its time is over: a busy event loop keeps the timer from firing. */
  check(): void;
  clear(): void;
}

function startTimer({ jobType, interrupter }: Attempt, context: AttemptContext): Deadline {
  const seconds = jobType?.timeout_seconds ?? 0;
  const due_at = performance.now() + seconds * 1_000;
  AttemptContext.startClock(context, due_at);
  const timer = setTimeout(timeOut, seconds * 1_000, interrupter, seconds);
  return {
    check() {
      if (performance.now() >= due_at) timeOut(interrupter, seconds);
    },
    clear() {
      clearTimeout(timer);
    },
  };
}

function timeOut(interrupter: Interrupter, seconds: number): void {
  interrupter.interrupt(new Interruption("timed_out", `The attempt took longer than ${seconds} s.`));
}

/**
 * Returns the outcome of an attempt that did not succeed. When it was told to stop (`reason`), that is why it
 * ended, whatever the processor then threw. `findRedactor` is asked where there is an error to tell. Pure but for the
 * jitter of the retry's delay.
 */
export function decideOutcome(
  job: ClaimedJob,
  reason: Error | undefined,
  thrown: unknown,
  findRedactor: () => Redactor | undefined,
): Outcome | undefined {
  const { id, attempt } = job;
  // Only of the reason, which is ours: what was thrown may throw when it is asked what it is.
  if (reason instanceof Interruption && reason.code !== "timed_out") {
    return reason.code === "shutdown" ? { id, attempt, kind: "released" } : undefined;
  }
  const failure = reason ?? thrown;
  const error = withStack(toJobError(failure), failure, findRedactor);
  const failures = attempt - job.excused_attempts;
  if (isFatal(failure) || failures >= job.max_attempts) return { id, attempt, kind: "failed", error };
  const delay_ms = retryDelayOf(failure) ?? retryDelayMs(failures);
  return { id, attempt, kind: "retry", error, delay_ms };
}

function processorFor({ jobType, processors }: Attempt): RegisteredProcessor {
  const processor = jobType && processors.get(jobType.processing_logic_id);
  if (processor) return processor;
  throw Object.assign(new Error(`This runner has no processor "${jobType?.processing_logic_id ?? "?"}".`), {
    code: "unknown_processor",
  });
}
