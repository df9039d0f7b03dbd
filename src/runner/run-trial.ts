import type { Logger } from "pino";
import { newId } from "../core/lib/new-id.ts";
import { JsonText } from "../core/lib/json-text.ts";
import type { ClaimedJob, Outcome } from "../core/model/job.ts";
import type { JobType } from "../core/model/job-type.ts";
import type { Trial, TrialListener, TrialResult } from "../core/model/trial.ts";
import type { ProcessorRegistry, RegisteredProcessor } from "../processors/loader/registry.ts";
import { checkInput } from "../processors/sdk/check-input.ts";
import { decideOutcome, runAttempt } from "./attempt.ts";
import { StopNotice } from "./ended-by-stop.ts";
import { Interrupter, Interruption } from "./interrupter.ts";

interface TrialOptions {
  readonly processors: ProcessorRegistry;
  readonly trial: Trial;
  readonly listener: TrialListener;
  /** Decides whether lines of the level `debug` count, as the runner's log does. */
  readonly log: Logger;
  /** Cancels the attempt. */
  readonly signal: AbortSignal;
}

/**
 * Runs one attempt as a runner does, and writes nothing: the same checks of input and output, timeout, limits, hidden
 * secrets, error codes and decision about another attempt. The processor must be in `processors`. Never rejects.
 */
export async function runTrial({
  processors,
  trial,
  listener,
  log,
  signal,
}: TrialOptions): Promise<TrialResult> {
  const [job, jobType] = [jobOf(trial), jobTypeOf(trial)];
  const interrupter = new Interrupter();
  const cancel = (): void => interrupter.interrupt(new Interruption("cancelled", "The trial was stopped."));
  if (signal.aborted) cancel();
  signal.addEventListener("abort", cancel);
  const jobLog = {
    line: (_job: ClaimedJob, level: Parameters<TrialListener["line"]>[0], message: string) =>
      listener.line(level, message),
    progress: (_job: ClaimedJob, fraction: number, message: string | undefined) =>
      listener.progress(fraction, message),
  };
  const started_at = performance.now();
  const outcome =
    refusalOf(job, processors.get(trial.processing_logic_id)) ??
    (await runAttempt({ job, jobType, processors, interrupter, log, jobLog, stop: new StopNotice() }));
  signal.removeEventListener("abort", cancel);
  return { run_ms: Math.round(performance.now() - started_at), ...resultOf(outcome, trial) };
}

/** What the API would have refused by the schema of a command, before any job. */
function refusalOf(job: ClaimedJob, processor: RegisteredProcessor | undefined): Outcome | undefined {
  if (processor === undefined) return undefined;
  try {
    checkInput(processor, job.input_data);
    return undefined;
  } catch (error) {
    return decideOutcome(job, undefined, error, () => undefined);
  }
}

type Ending = TrialResult extends infer Result
  ? Result extends unknown
    ? Omit<Result, "run_ms">
    : never
  : never;

function resultOf(outcome: Outcome | undefined, { estimated_cost_cents }: Trial): Ending {
  if (outcome?.kind === "succeeded") {
    const { output, cost_cents = estimated_cost_cents } = outcome;
    return { outcome: "succeeded", output: plain(output), cost_cents };
  }
  if (outcome?.kind === "failed") return { outcome: "failed", error: outcome.error };
  if (outcome?.kind === "retry")
    return { outcome: "retry", error: outcome.error, delay_ms: outcome.delay_ms };
  return { outcome: "cancelled" };
}

function plain(output: unknown): unknown {
  return output instanceof JsonText ? JSON.parse(output.text) : output;
}

function jobOf(trial: Trial): ClaimedJob {
  return {
    id: newId(),
    customer_id: newId(),
    job_type_id: newId(),
    priority: 1,
    input_data: trial.input,
    estimated_cost_cents: trial.estimated_cost_cents,
    attempt: trial.attempt,
    max_attempts: trial.max_attempts,
    excused_attempts: 0,
    lost_runners: 0,
    lease_id: newId(),
  };
}

function jobTypeOf({
  processing_logic_id,
  timeout_seconds,
  max_attempts,
  estimated_cost_cents,
}: Trial): JobType {
  const now = new Date().toISOString();
  return {
    id: newId(),
    name: processing_logic_id,
    processing_logic_id,
    standard_cost_cents: estimated_cost_cents,
    currency: "EUR",
    enabled: true,
    max_attempts,
    timeout_seconds,
    input_schema: null,
    processor_input_schema: null,
    paused_at: null,
    running_limit: null,
    served: true,
    created_at: now,
    updated_at: now,
  };
}
