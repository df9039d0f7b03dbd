import type { z } from "zod";
import { PROCESSOR_ID_LENGTH_MAX } from "../../core/model/limits.ts";
import { PROCESSOR, type Processor, type ProcessorContext } from "./processor.ts";

// This file is the package's `./processors`: all that a processor's file needs besides zod. A test compares
// what it exports with a list.
export { FatalError, InputError } from "./fatal-error.ts";
export { RetryAfter } from "./retry-after.ts";
export type { LogMethod, Processor, ProcessorContext, ProcessorJob, ProcessorTrace } from "./processor.ts";

/** What `defineProcessor` takes. */
export interface ProcessorDefinition<Input extends z.ZodType, Output extends z.ZodType> {
  /** Lower-case words joined by `.`, `_` or `-`, at most 100 characters: `text.statistics`. */
  readonly id: string;
  readonly description?: string;
  /** What `input_data` must look like. Left out: any JSON, as `unknown`. */
  readonly input?: Input;
  /** What `run` must return, checked after it did. Left out: any JSON. */
  readonly output?: Output;
  /**
   * For work that keeps the CPU busy: `run` runs in a worker thread, which loads this file again, so that the
   * runner's other jobs go on. It is stopped a second after an abort even in an endless loop. Input and
   * output are copied: plain data, no functions, no classes of your own.
   */
  readonly thread?: boolean;
  run(input: z.output<Input>, context: ProcessorContext): z.input<Output> | Promise<z.input<Output>>;
}

const ID_PATTERN = /^[a-z0-9]+([._-][a-z0-9]+)*$/;
const OPTIONS: readonly string[] = ["id", "description", "input", "output", "thread", "run"];

/**
 * Creates a processor: the work behind a job type. Throws a TypeError that names every fault of the definition.
 * After a plain error out of `run` the job is tried again while attempts are left; after a `RetryAfter` as well, once
 * its time has passed; after a `FatalError` it is not.
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
>(definition: ProcessorDefinition<Input, Output>): Processor {
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

/** JavaScript authors have no compiler: what the types say is checked here once more. */
function faultsOf(definition: unknown): string[] {
  if (typeof definition !== "object" || definition === null) return ["it is not an object"];
  const { id, description, input, output, thread, run } = definition as Partial<Record<string, unknown>>;
  const faults: string[] = [];
  if (typeof id !== "string" || id.length > PROCESSOR_ID_LENGTH_MAX || !ID_PATTERN.test(id)) {
    faults.push(
      `\`id\` ${JSON.stringify(id)} must be lower-case words joined by ".", "_" or "-", at most ${PROCESSOR_ID_LENGTH_MAX} characters`,
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
