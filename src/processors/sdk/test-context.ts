import type { Processor, ProcessorContext, ProcessorJob } from "./define-processor.ts";
import { parseInput, parseOutput } from "./parse-data.ts";

interface Recorded {
  readonly progress: { fraction: number; message: string | undefined }[];
  readonly logs: {
    level: keyof ProcessorContext["log"];
    fields: Readonly<Record<string, unknown>>;
    message: string | undefined;
  }[];
  /** The last `cost` in cents, or undefined. */
  cost_cents: number | undefined;
}

/** A context for tests of a processor, which keeps what it is told. */
export interface TestContext extends ProcessorContext {
  readonly recorded: Recorded;
}

interface TestContextOptions {
  readonly job?: Partial<ProcessorJob>;
  readonly signal?: AbortSignal;
}

/** A context as the runner gives it, of a first attempt of three at a job of 100 cents. */
export function testContext(options: TestContextOptions = {}): TestContext {
  const recorded: Recorded = { progress: [], logs: [], cost_cents: undefined };
  const logAt =
    (level: keyof ProcessorContext["log"]) =>
    (fields: Readonly<Record<string, unknown>>, message?: string): void => {
      recorded.logs.push({ level, fields, message });
    };
  const job: ProcessorJob = {
    id: "0190a0a0-0000-7000-8000-000000000001",
    customer_id: "0190a0a0-0000-7000-8000-000000000002",
    job_type_id: "0190a0a0-0000-7000-8000-000000000003",
    priority: 1,
    attempt: 1,
    max_attempts: 3,
    estimated_cost_cents: 100,
    ...options.job,
  };
  return {
    job,
    attempt: job.attempt,
    signal: options.signal ?? new AbortController().signal,
    log: { debug: logAt("debug"), info: logAt("info"), warn: logAt("warn"), error: logAt("error") },
    progress: (fraction, message) => void recorded.progress.push({ fraction, message }),
    cost: (cents) => {
      recorded.cost_cents = cents;
    },
    recorded,
  };
}

/**
 * One attempt as a runner makes it, without the runner: input parsed, run, output checked.
 * Answers the output; throws what the attempt would fail with.
 *
 * ```ts
 * expect(await runForTest(reverseText, { text: "abc" })).toEqual({ text: "cba" });
 * ```
 */
export async function runForTest(
  processor: Processor,
  inputData: unknown,
  context: ProcessorContext = testContext(),
): Promise<unknown> {
  return parseOutput(processor, await processor.run(parseInput(processor, inputData), context));
}
