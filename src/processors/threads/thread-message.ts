import type { ProcessorContext, ProcessorJob } from "../sdk/processor.ts";
import { FatalError, InputError, isFatal } from "../sdk/fatal-error.ts";
import { stackOf } from "../../core/lib/stack-of.ts";
import { ERROR_STACK_MAX } from "../../core/model/limits.ts";
import type { FieldError } from "../../core/lib/field-error.ts";

/** From the runner to a thread. It works on one attempt at a time; an abort is of the one that runs. */
export type ToThread =
  | {
      readonly kind: "run";
      readonly file: string;
      readonly id: string;
      readonly job: ProcessorJob;
      readonly input: unknown;
    }
  | { readonly kind: "abort"; readonly reason: PlainError };

/** From a thread to the runner; `done` and `failed` end the attempt. */
export type FromThread =
  | { readonly kind: "progress"; readonly fraction: number; readonly message: string | undefined }
  | {
      readonly kind: "log";
      readonly level: keyof ProcessorContext["log"];
      readonly fields: Readonly<Record<string, unknown>>;
      readonly message: string | undefined;
    }
  | { readonly kind: "done"; readonly output: unknown; readonly cost_cents: number | undefined }
  | { readonly kind: "failed"; readonly error: PlainError };

/** An error without its class, which would not come through between threads. */
export interface PlainError {
  readonly kind: "fatal" | "input" | "other";
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly code: string | undefined;
  readonly errors: readonly FieldError[];
}

/**
 * Whatever was thrown, of whichever copy of the error classes. The stack tells
 * where it was, and those of its causes.
 */
export function toPlainError(thrown: unknown): PlainError {
  if (!(thrown instanceof Error)) {
    return {
      kind: "other",
      name: "Error",
      message: String(thrown),
      stack: undefined,
      code: undefined,
      errors: [],
    };
  }
  const code = "code" in thrown && typeof thrown.code === "string" ? thrown.code : undefined;
  const errors = "errors" in thrown && Array.isArray(thrown.errors) ? (thrown.errors as FieldError[]) : [];
  const isInputError = isFatal(thrown) && thrown.name === "InputError";
  return {
    kind: isInputError ? "input" : isFatal(thrown) ? "fatal" : "other",
    name: thrown.name,
    message: thrown.message,
    stack: stackOf(thrown, ERROR_STACK_MAX),
    code,
    // Copied by hand: a getter or a function in there would not come through.
    errors: isInputError ? errors.map(({ pointer, message }) => ({ pointer, message })) : [],
  };
}

/** The error again, as one of this thread's classes. */
export function fromPlainError(plain: PlainError): Error {
  const error = create(plain);
  if (plain.stack !== undefined) error.stack = plain.stack;
  return error;
}

function create({ kind, name, message, code, errors }: PlainError): Error {
  if (kind === "input") return new InputError(message, errors);
  if (kind === "fatal") return new FatalError(message, code === undefined ? {} : { code });
  return Object.assign(new Error(message), { name }, code === undefined ? {} : { code });
}
