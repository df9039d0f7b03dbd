import { PlatformError } from "../lib/errors.ts";
import type { FieldError } from "../lib/field-error.ts";
import { findUnstorable } from "../lib/json.ts";
import type { JobType } from "../model/job-type.ts";
import type { InputSchemas } from "./input-schema.ts";

interface Request {
  readonly customer_id: string;
  readonly input_data: unknown;
}

/**
 * Returns what is wrong with the input itself, before the database is asked; undefined when nothing is. A
 * promise only when the check takes long. `budget` is what the checks of one request have together.
 */
export function findRefusal(
  { customer_id, input_data }: Request,
  jobType: JobType | undefined,
  { inputSchemas, budget }: { readonly inputSchemas: InputSchemas; readonly budget: { steps: number } },
): PlatformError | undefined | Promise<PlatformError | undefined> {
  const faults = findUnstorable(input_data, "/input_data");
  if (faults.length > 0)
    return new PlatformError("validation_failed", "input_data cannot be stored.", { errors: faults });
  const schema = jobType?.input_schema ?? jobType?.processor_input_schema;
  if (jobType === undefined || typeof schema !== "object" || schema === null) return undefined;
  const errors = inputSchemas.findErrors(schema, input_data, { customer_id, budget });
  return errors instanceof Promise
    ? errors.then((found) => toRefusal(jobType, found), refusedCheck)
    : toRefusal(jobType, errors);
}

function toRefusal(jobType: JobType, errors: readonly FieldError[]): PlatformError | undefined {
  if (errors.length === 0) return undefined;
  return new PlatformError("input_invalid", `The job type "${jobType.name}" does not accept this input.`, {
    errors,
  });
}

/** Too many checks wait: that is the refusal of this one alone. */
function refusedCheck(error: unknown): PlatformError {
  if (error instanceof PlatformError) return error;
  throw error;
}
