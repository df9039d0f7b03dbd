import type { z } from "zod";
import { OUTPUT_BYTES_MAX } from "../../core/model/limits.ts";
import type { FieldError } from "../../core/lib/field-error.ts";
import { escapePointer } from "../../core/lib/json.ts";
import { JsonText } from "../../core/lib/json-text.ts";
import type { Processor } from "./processor.ts";
import { InputError } from "./fatal-error.ts";
import { describeThrown } from "./thrown.ts";

/** Faults listed of one input; the rest is counted. */
const ISSUES_MAX = 20;

/** A processor returned what its `output` forbids, or what cannot be stored. */
export class OutputError extends Error {
  override readonly name = "OutputError";
  readonly code = "output_invalid";

  constructor(processor: Processor, fault: string) {
    super(`${processor.id} gave an output that is not valid: ${fault}`);
  }
}

/**
 * Returns the input for `processor.run`: `inputData` parsed by its schema, with defaults filled in.
 * Throws an `InputError` that lists what is wrong as `pointer: message`.
 */
export function parseInput(processor: Processor, inputData: unknown): unknown {
  if (processor.input === undefined) return inputData;
  const parsed = processor.input.safeParse(inputData);
  if (parsed.success) return parsed.data;
  const errors = fieldErrors(parsed.error.issues);
  throw new InputError(`${processor.id} does not accept this input: ${list(errors)}`, errors);
}

/**
 * Returns what is stored of a result of `processor.run`: its JSON text, null for undefined and null. Throws an
 * `OutputError`. The job is then tried again while attempts are left: the next result may differ. Written
 * down once, and right after the run: a processor may go on to change what it returned. What has been written
 * down elsewhere, in a thread or a process of its own, is taken as it is.
 */
export function parseOutput(processor: Processor, result: unknown): JsonText | null {
  if (result instanceof JsonText) return result;
  try {
    return writeOutput(processor, result);
  } catch (error) {
    if (error instanceof OutputError) throw error;
    // Also what a `toJSON`, a getter or a check of the schema threw: it may be anything.
    throw new OutputError(processor, describeThrown(error).message);
  }
}

function writeOutput(processor: Processor, result: unknown): JsonText | null {
  let output = result;
  if (processor.output !== undefined) {
    const parsed = processor.output.safeParse(result);
    if (!parsed.success) throw new OutputError(processor, list(fieldErrors(parsed.error.issues)));
    output = parsed.data;
  }
  if (output === undefined || output === null) return null;
  const json = JsonText.of(output, OUTPUT_BYTES_MAX);
  return json.text === "null" ? null : json;
}

function fieldErrors(issues: readonly z.core.$ZodIssue[]): FieldError[] {
  const shown = issues.slice(0, ISSUES_MAX).map((issue) => ({
    pointer: issue.path.map((key) => `/${escapePointer(String(key))}`).join(""),
    message: issue.message,
  }));
  const rest = issues.length - shown.length;
  return rest === 0 ? shown : [...shown, { pointer: "", message: `and ${rest} more` }];
}

function list(errors: readonly FieldError[]): string {
  return errors
    .map(({ pointer, message }) => (pointer === "" ? message : `${pointer}: ${message}`))
    .join("; ");
}
