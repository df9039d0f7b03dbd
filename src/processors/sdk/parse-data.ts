import type { z } from "zod";
import { OUTPUT_BYTES_MAX } from "../../core/model/limits.ts";
import type { FieldError } from "../../core/lib/field-error.ts";
import { escapePointer, findUnstorableText } from "../../core/lib/json.ts";
import type { Processor } from "./processor.ts";
import { InputError } from "./fatal-error.ts";

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
 * Returns what is stored of a result of `processor.run`: JSON that PostgreSQL can keep, null for undefined.
 * Throws an `OutputError`. The job is then tried again while attempts are left: the next result may differ.
 * Checked before it is settled, because there one bad output would fail the whole batch.
 */
export function parseOutput(processor: Processor, result: unknown): unknown {
  let output = result;
  if (processor.output !== undefined) {
    const parsed = processor.output.safeParse(result);
    if (!parsed.success) throw new OutputError(processor, list(fieldErrors(parsed.error.issues)));
    output = parsed.data;
  }
  if (output === undefined) return null;
  const fault = storingFault(output);
  if (fault !== undefined) throw new OutputError(processor, fault);
  return output;
}

function storingFault(output: unknown): string | undefined {
  let text: string | undefined;
  try {
    text = JSON.stringify(output);
  } catch (error) {
    return String(error);
  }
  if (text === undefined) return "it is no JSON value";
  if (Buffer.byteLength(text) > OUTPUT_BYTES_MAX) return `it is larger than ${OUTPUT_BYTES_MAX} bytes`;
  const fault = findUnstorableText(text);
  return fault === undefined ? undefined : `it ${fault}`;
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
