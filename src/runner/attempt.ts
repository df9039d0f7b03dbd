import type { Logger } from "pino";
import { retryDelayMs } from "../core/lib/backoff.ts";
import type { JsonText } from "../core/lib/json-text.ts";
import type { ClaimedJob, Outcome } from "../core/model/job.ts";
import type { JobType } from "../core/model/job-type.ts";
import { closeScope, openScope, runInScope } from "../processors/sdk/code-scope.ts";
import { isFatal } from "../processors/sdk/fatal-error.ts";
import { parseInput, parseOutput } from "../processors/sdk/parse-data.ts";
import { ProcessorCrash } from "../processors/sdk/processor-crash.ts";
import type { ProcessorRegistry, RegisteredProcessor } from "../processors/loader/registry.ts";
import { AttemptContext } from "./attempt-context.ts";
import { Interruption, type Interrupter } from "./interrupter.ts";
import { toJobError } from "./job-error.ts";

export interface Attempt {
  readonly job: ClaimedJob;
  readonly jobType: JobType | undefined;
  readonly processors: ProcessorRegistry;
  readonly interrupter: Interrupter;
  readonly log: Logger;
}

/**
 * Runs one attempt of a job and returns its outcome, which the caller writes. Returns undefined when the job
 * is no longer this attempt's to end: it was cancelled, or its runner was declared dead. Never rejects.
 */
export async function runAttempt(attempt: Attempt): Promise<Outcome | undefined> {
  const { job, jobType, interrupter } = attempt;
  let timer: NodeJS.Timeout | undefined;
  const startTimer = (): void => {
    const seconds = jobType?.timeout_seconds ?? 0;
    timer ??= setTimeout(timeOut, seconds * 1_000, interrupter, seconds);
  };
  try {
    const processor = processorFor(attempt);
    const context = new AttemptContext(attempt);
    interrupter.throwIfInterrupted();
    const output = await run(attempt, processor, context, startTimer);
    return { id: job.id, attempt: job.attempt, kind: "succeeded", output, cost_cents: context.cost_cents };
  } catch (error) {
    return decideOutcome(job, interrupter.reason, error);
  } finally {
    clearTimeout(timer);
  }
}

/** Runs the processor where it is to run, and returns its output as text. */
async function run(
  attempt: Attempt,
  processor: RegisteredProcessor,
  context: AttemptContext,
  startTimer: () => void,
): Promise<JsonText | null> {
  const { job, interrupter } = attempt;
  // It may be what ended them: until it has shown that it is not, it shares its process with nobody.
  if (job.lost_runners > 0 && processor.runApart) {
    const task = { input_data: job.input_data, context: context.given, onStarted: startTimer };
    return parseOutput(processor, await interrupter.race(processor.runApart(task)));
  }
  startTimer();
  if (processor.place === undefined) return await runAmongOthers(attempt, processor, context);
  const input = parseInput(processor, job.input_data);
  return parseOutput(processor, await interrupter.race(processor.run(input, context.given)));
}

/** In the runner's own thread: whatever the processor leaves behind is laid at the door of this attempt. */
async function runAmongOthers(
  { job, interrupter }: Attempt,
  processor: RegisteredProcessor,
  context: AttemptContext,
): Promise<JsonText | null> {
  const scope = openScope({
    job_id: job.id,
    job_type_id: job.job_type_id,
    attempt: job.attempt,
    file: processor.file,
    crash: (error) => interrupter.interrupt(ProcessorCrash.by(error)),
  });
  try {
    const work = runInScope(scope, () => processor.run(parseInput(processor, job.input_data), context.given));
    const result = await interrupter.race(work);
    return runInScope(scope, () => parseOutput(processor, result));
  } finally {
    closeScope(scope);
  }
}

function timeOut(interrupter: Interrupter, seconds: number): void {
  interrupter.interrupt(new Interruption("timed_out", `The attempt took longer than ${seconds} s.`));
}

/**
 * Returns the outcome of an attempt that did not succeed. When it was told to stop (`reason`), that is why it
 * ended, whatever the processor then threw. Pure but for the jitter of the retry's delay.
 */
export function decideOutcome(
  job: ClaimedJob,
  reason: Error | undefined,
  thrown: unknown,
): Outcome | undefined {
  const { id, attempt } = job;
  // Only of the reason, which is ours: what was thrown may throw when it is asked what it is.
  if (reason instanceof Interruption && reason.code !== "timed_out") {
    return reason.code === "shutdown" ? { id, attempt, kind: "released" } : undefined;
  }
  const failure = reason ?? thrown;
  const error = toJobError(failure);
  const failures = attempt - job.excused_attempts;
  if (isFatal(failure) || failures >= job.max_attempts) return { id, attempt, kind: "failed", error };
  return { id, attempt, kind: "retry", error, delay_ms: retryDelayMs(failures) };
}

function processorFor({ jobType, processors }: Attempt): RegisteredProcessor {
  const processor = jobType && processors.get(jobType.processing_logic_id);
  if (processor) return processor;
  throw Object.assign(new Error(`This runner has no processor "${jobType?.processing_logic_id ?? "?"}".`), {
    code: "unknown_processor",
  });
}
