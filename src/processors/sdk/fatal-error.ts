import type { FieldError } from "../../core/lib/field-error.ts";

// `Symbol.for`, for the same reason as a processor's: a user's file may throw from a second copy of this
// module.
const FATAL = Symbol.for("iep.fatal-error");

/** What a `FatalError` may be given besides its message. */
interface FatalErrorOptions {
  /** Machine-readable, lower-case words with `_`: becomes the `code` of the job's error. */
  readonly code?: string;
  readonly cause?: unknown;
}

/**
 * Thrown by a processor: the job fails now, attempts that are left are not used. `message` goes to the customer.
 *
 * ```ts
 * throw new FatalError("This document is encrypted.", { code: "document_encrypted" });
 * ```
 */
export class FatalError extends Error {
  readonly [FATAL] = true;
  readonly code: string | undefined;

  constructor(message: string, options: FatalErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "FatalError";
    this.code = options.code;
  }
}

/**
 * Thrown by a processor whose input cannot be worked on, now or later: the job fails without another attempt, with
 * the code `input_invalid`. `message` goes to the customer. For what a schema cannot say.
 *
 * ```ts
 * throw new InputError("/to lies before /from", [{ pointer: "/to", message: "lies before /from" }]);
 * ```
 */
export class InputError extends Error {
  readonly [FATAL] = true;
  readonly code = "input_invalid";
  /** Which fields are wrong, as JSON pointers into `input_data`; may be empty. */
  readonly errors: readonly FieldError[];

  constructor(message: string, errors: readonly FieldError[] = []) {
    super(message);
    this.name = "InputError";
    this.errors = errors;
  }
}

/**
 * True for errors that end the job, of this copy of the module or another: another attempt would fail alike.
 */
export function isFatal(error: unknown): error is FatalError | InputError {
  try {
    return error instanceof Error && FATAL in error;
  } catch {
    // A proxy, which may throw at any question.
    return false;
  }
}
