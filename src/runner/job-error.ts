import type { JobError } from "../core/model/job.ts";
import { describeThrown } from "../processors/sdk/thrown.ts";

/** Returns the error as the customer reads it on the job, whatever was thrown. Never throws. */
export function toJobError(thrown: unknown): JobError {
  const { code, message } = describeThrown(thrown);
  return { code: isOwnCode(code) ? code : "attempt_failed", message };
}

/**
 * Our codes and those of processors are lower case with `_`. Codes of Node and of libraries (`ENOENT`) mean
 * nothing to a customer.
 */
function isOwnCode(code: string | undefined): code is string {
  return code !== undefined && /^[a-z][a-z0-9_]{0,99}$/.test(code);
}
