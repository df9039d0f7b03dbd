import { PlatformError } from "../lib/errors.ts";
import { findUnstorable } from "../lib/json.ts";
import type { JobType } from "../model/job-type.ts";
import { findInputErrors } from "./input-schema.ts";

/** Returns what is wrong with the input itself, before the database is asked; undefined when nothing is. */
export function findRefusal(
  { input_data }: { readonly input_data: unknown },
  jobType: JobType | undefined,
): PlatformError | undefined {
  const faults = findUnstorable(input_data, "/input_data");
  if (faults.length > 0)
    return new PlatformError("validation_failed", "input_data cannot be stored.", { errors: faults });
  const errors = jobType ? findInputErrors(jobType, input_data) : [];
  if (errors.length > 0) {
    return new PlatformError("input_invalid", `The job type "${jobType?.name}" does not accept this input.`, {
      errors,
    });
  }
  return undefined;
}
