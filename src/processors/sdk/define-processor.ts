import type { z } from "zod";
import type { ClaimedJob } from "../../core/model/job.ts";

// This file is the package's `./processors`: all that a processor's file needs besides zod.
export { FatalError, InputError } from "./fatal-error.ts";

// `Symbol.for`, because a user's file may load a second copy of this module: both copies must know each other's work.
const PROCESSOR = Symbol.for("iep.processor");

/** What a processor gets to know of the job it works on. */
export type ProcessorJob = Pick<
  ClaimedJob,
  "id" | "customer_id" | "job_type_id" | "priority" | "attempt" | "max_attempts" | "estimated_cost_cents"
>;

/** pino's call shape: fields first, then the message. */
export type LogMethod = (fields: Readonly<Record<string, unknown>>, message?: string) => void;

export interface ProcessorContext {
  readonly job: ProcessorJob;
  /** The same as `job.attempt`. Use it with `job.id` as an idempotency key towards others. */
  readonly attempt: number;
  /** Aborts on timeout, cancel, shutdown and lost lease: stop at once, what is returned afterwards is thrown away. */
  readonly signal: AbortSignal;
  readonly log: Readonly<Record<"debug" | "info" | "warn" | "error", LogMethod>>;
  /** How far the attempt is, 0 to 1. May be called often: only the latest counts. */
  progress(fraction: number, message?: string): void;
  /**
   * What success is to cost, in whole cents, at most `job.estimated_cost_cents`. The last call counts;
   * without one the job costs its estimate.
   */
  cost(cents: number): void;
}

/** A processor as the platform keeps it: any two are of one type, whatever their schemas. */
export interface Processor {
  readonly [PROCESSOR]: true;
  /** What `job_types.processing_logic_id` names. */
  readonly id: string;
  readonly description: string | undefined;
  readonly input: z.ZodType | undefined;
  readonly output: z.ZodType | undefined;
  /** Whether the runner is to run it in a worker thread; `run` itself runs where it is called. */
  readonly thread: boolean;
  /** `input` must come from `parseInput`; a value that the schema would refuse is not checked again. */
  run(input: unknown, context: ProcessorContext): Promise<unknown>;
}

interface Definition<Input extends z.ZodType, Output extends z.ZodType> {
  /** Lower-case words joined by `.`, `_` or `-`, at most 100 characters: `text.statistics`. */
  readonly id: string;
  readonly description?: string;
  /** What `input_data` must look like. Left out: any JSON, as `unknown`. */
  readonly input?: Input;
  /** What `run` must answer, checked after it did. Left out: any JSON. */
  readonly output?: Output;
  /**
   * For work that keeps the CPU busy: `run` runs in a worker thread, which loads this file again, so that the runner's other jobs go on. It is
   * stopped a second after an abort even in an endless loop. Input and answer are copied: plain data, no functions, no classes of your own.
   */
  readonly thread?: boolean;
  run(input: z.output<Input>, context: ProcessorContext): z.input<Output> | Promise<z.input<Output>>;
}

const ID_PATTERN = /^[a-z0-9]+([._-][a-z0-9]+)*$/;
const ID_LENGTH_MAX = 100;
const OPTIONS: readonly string[] = ["id", "description", "input", "output", "thread", "run"];

/**
 * Makes a processor: the work behind a job type. Throws a TypeError that names every fault of the definition.
 * A plain error out of `run` is tried again while attempts are left; a `FatalError` is not.
 *
 * ```ts
 * export default defineProcessor({
 *   id: "text.length",
 *   input: z.strictObject({ text: z.string().max(1_000) }),
 *   run: (input) => ({ length: input.text.length }),
 * });
 * ```
 */
export function defineProcessor<
  Input extends z.ZodType = z.ZodUnknown,
  Output extends z.ZodType = z.ZodUnknown,
>(definition: Definition<Input, Output>): Processor {
  const faults = faultsOf(definition);
  if (faults.length > 0) throw new TypeError(`This is not a processor: ${faults.join("; ")}`);
  return Object.freeze({
    [PROCESSOR]: true as const,
    id: definition.id,
    description: definition.description,
    input: definition.input,
    output: definition.output,
    thread: definition.thread ?? false,
    // The one place where the type is taken on trust: the platform passes what `input` has parsed.
    run: async (input: unknown, context: ProcessorContext) =>
      definition.run(input as z.output<Input>, context),
  });
}

/** True for what `defineProcessor` made, in this copy of the module or another. */
export function isProcessor(value: unknown): value is Processor {
  return typeof value === "object" && value !== null && PROCESSOR in value;
}

/** JavaScript authors have no compiler: what the types say is checked here once more. */
function faultsOf(definition: unknown): string[] {
  if (typeof definition !== "object" || definition === null) return ["it is not an object"];
  const { id, description, input, output, thread, run } = definition as Partial<Record<string, unknown>>;
  const faults: string[] = [];
  if (typeof id !== "string" || id.length > ID_LENGTH_MAX || !ID_PATTERN.test(id)) {
    faults.push(
      `\`id\` ${JSON.stringify(id)} must be lower-case words joined by ".", "_" or "-", at most ${ID_LENGTH_MAX} characters`,
    );
  }
  if (typeof run !== "function") faults.push("`run` must be a function");
  if (description !== undefined && typeof description !== "string") {
    faults.push("`description` must be text");
  }
  if (thread !== undefined && typeof thread !== "boolean") faults.push("`thread` must be true or false");
  for (const [name, schema] of Object.entries({ input, output })) {
    if (schema !== undefined && !isSchema(schema)) faults.push(`\`${name}\` must be a zod schema`);
  }
  const unknown = Object.keys(definition).filter((key) => !OPTIONS.includes(key));
  if (unknown.length > 0) {
    faults.push(`unknown: ${unknown.join(", ")}; a processor has ${OPTIONS.join(", ")}`);
  }
  return faults;
}

function isSchema(value: unknown): boolean {
  return (
    typeof value === "object" &&
    value !== null &&
    "safeParse" in value &&
    typeof value.safeParse === "function"
  );
}
