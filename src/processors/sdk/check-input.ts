import { compileSchema } from "../../core/lib/json-schema/compile-schema.ts";
import { INPUT_ERRORS_MAX } from "../../core/model/limits.ts";
import { InputError } from "./fatal-error.ts";
import type { Processor } from "./processor.ts";

/**
 * Throws an `InputError` when the `input_schema` of a command refuses the input, as the API does when a job is
 * submitted. For tests and trials, which have no API before them. What a zod schema says, `parseInput` checks.
 */
export function checkInput(processor: Processor, inputData: unknown): void {
  if (processor.input_schema === undefined) return;
  const schema = compileSchema(processor.input_schema);
  const errors = schema.findErrors(inputData ?? null, { steps: Infinity }, INPUT_ERRORS_MAX);
  if (errors.length === 0) return;
  const list = errors.map(({ pointer, message }) => `${pointer || "the input"} ${message}`).join("; ");
  throw new InputError(`${processor.id} does not accept this input: ${list}`, errors);
}
