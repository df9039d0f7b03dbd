import type { Redactor } from "../core/lib/redactor.ts";
import { ERROR_MESSAGE_MAX, ERROR_STACK_MAX } from "../core/model/limits.ts";
import type { JobError } from "../core/model/job.ts";
import { InputError } from "../processors/sdk/fatal-error.ts";
import { OutputError } from "../processors/sdk/parse-data.ts";
import { stackOf } from "../core/lib/stack-of.ts";
import { Interruption } from "./interrupter.ts";
import { withoutServerPaths } from "./without-server-paths.ts";

/**
 * Returns an error as the job keeps it: a message for the customer, without our paths, and the stack for the operator,
 * which has the message as it was. Neither shows a secret of the input: `findRedactor` is asked once.
 */
export function withStack(
  { code, message }: JobError,
  failure: unknown,
  findRedactor: () => Redactor | undefined,
): JobError {
  // A timeout has no place in the code, and its message is ours.
  if (isOf(Interruption, failure)) return { code, message };
  const secrets = findRedactor();
  // Before paths are cut: a secret may look like one, or have one in it.
  const said = secrets?.redact(message, message.length >= ERROR_MESSAGE_MAX) ?? message;
  const stack = stackOf(failure, ERROR_STACK_MAX);
  return {
    code,
    message: hasPointers(failure) ? said : withoutServerPaths(said),
    // That of each cause was cut.
    stack: secrets?.redact(stack, true) ?? stack,
  };
}

/** What a schema found: the message is ours, and the JSON pointers in it look like paths. */
function hasPointers(failure: unknown): boolean {
  return isOf(OutputError, failure) || (isOf(InputError, failure) && failure.errors.length > 0);
}

/** `instanceof`, of anything that was thrown: a look at it may throw. */
function isOf<T>(type: abstract new (...given: never[]) => T, thrown: unknown): thrown is T {
  try {
    return thrown instanceof type;
  } catch {
    return false;
  }
}
