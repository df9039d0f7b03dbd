import { TIMEOUT_DEFAULT_SECONDS } from "../../core/model/limits.ts";
import type { Processor, ProcessorContext, ProcessorJob, ProcessorTrace } from "./processor.ts";
import { checkInput } from "./check-input.ts";
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

/** A context for tests of a processor. It keeps what the processor tells it in `recorded`. */
export interface TestContext extends ProcessorContext {
  readonly recorded: Recorded;
}

interface TestContextOptions {
  readonly job?: Partial<ProcessorJob>;
  readonly signal?: AbortSignal;
  readonly trace?: ProcessorTrace;
  /** What `remaining_ms` is; it stands still. Left out: 5 minutes. */
  readonly remaining_ms?: number;
}

/**
 * A context as the runner gives it: the first of three attempts at a job of 100 cents, unless `options` say otherwise.
 *
 * ```ts
 * const context = testContext({ job: { estimated_cost_cents: 40 } });
 * await runForTest(shout, { text: "abc" }, context);
 * expect(context.recorded.cost_cents).toBe(3);
 * ```
 */
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
    trace: options.trace,
    idempotencyKey: job.id,
    remaining_ms: options.remaining_ms ?? TIMEOUT_DEFAULT_SECONDS * 1_000,
    log: { debug: logAt("debug"), info: logAt("info"), warn: logAt("warn"), error: logAt("error") },
    progress: (fraction, message) => void recorded.progress.push({ fraction, message }),
    cost: (cents) => {
      recorded.cost_cents = cents;
    },
    recorded,
  };
}

/**
 * Runs one attempt without a runner: parses the input, or checks it by the `input_schema` of a command, calls `run`,
 * checks the output and returns it as it is stored. Throws what the attempt would fail with.
 *
 * ```ts
 * expect(await runForTest(reverseText, { text: "abc" })).toEqual({ text: "cba" });
 * await expect(runForTest(reverseText, {})).rejects.toMatchObject({ code: "input_invalid" });
 * ```
 */
export async function runForTest(
  processor: Processor,
  inputData: unknown,
  context: ProcessorContext = testContext(),
): Promise<unknown> {
  checkInput(processor, inputData);
  const stored = parseOutput(processor, await processor.run(parseInput(processor, inputData), context));
  return stored === null ? null : JSON.parse(stored.text);
}
