import { FatalError, InputError } from "../sdk/fatal-error.ts";
import { RetryAfter } from "../sdk/retry-after.ts";
import type { ProcessorContext, ProcessorJob, ProcessorTrace } from "../sdk/processor.ts";
import type { Thrown } from "../sdk/thrown.ts";

/**
 * From the runner to where an attempt runs: a thread, or a process of its own. It works on one attempt at a
 * time; an abort is of the one that runs.
 */
export type ToRemote =
  | {
      readonly kind: "run";
      /** Has the processor as its default export. */
      readonly file: string;
      readonly id: string;
      readonly job: ProcessorJob;
      readonly input: unknown;
      /** Whether `input` has been parsed by the processor's schema. */
      readonly parsed: boolean;
      readonly trace: ProcessorTrace | undefined;
      /** How long the attempt may still run. */
      readonly remaining_ms: number;
      /** Whether that time passes already; otherwise it begins with `started`. */
      readonly clockRuns: boolean;
    }
  | { readonly kind: "abort"; readonly reason: Thrown };

/** From there to the runner; `done` and `failed` end the attempt. */
export type FromRemote =
  | { readonly kind: "started" }
  | { readonly kind: "progress"; readonly fraction: number; readonly message: string | undefined }
  | {
      readonly kind: "log";
      readonly level: keyof ProcessorContext["log"];
      readonly fields: Readonly<Record<string, unknown>>;
      readonly message: string | undefined;
    }
  /** `outputJson`: the text of the output, which was checked there; null when there is none. */
  | {
      readonly kind: "done";
      readonly outputJson: string | null;
      readonly cost_cents: number | undefined;
    }
  | { readonly kind: "failed"; readonly error: Thrown };

/** The error again, as one of this thread's classes. The cause stays behind; the stack tells where it was. */
export function fromThrown(thrown: Thrown): Error {
  const error = create(thrown);
  if (thrown.stack !== undefined) error.stack = thrown.stack;
  return error;
}

function create({ kind, name, message, code, errors, delay_ms = 0 }: Thrown): Error {
  if (kind === "input") return new InputError(message, errors);
  if (kind === "fatal") return new FatalError(message, code === undefined ? {} : { code });
  if (kind === "retry_after")
    return new RetryAfter(message, code === undefined ? { delay_ms } : { delay_ms, code });
  return Object.assign(new Error(message), { name }, code === undefined ? {} : { code });
}
