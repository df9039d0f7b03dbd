import { describeThrown } from "./thrown.ts";

/**
 * An attempt ended without an outcome of its own: something that it left behind threw, or where it ran ended.
 * Another attempt may succeed.
 */
export class ProcessorCrash extends Error {
  override readonly name = "ProcessorCrash";
  readonly code = "processor_crashed";

  /** What the attempt left behind threw `thrown`, and nobody caught it. */
  static by(thrown: unknown): ProcessorCrash {
    const { message, stack } = describeThrown(thrown);
    const crash = new ProcessorCrash(`The processor crashed: ${message}`, { cause: thrown });
    if (stack !== undefined) crash.stack = stack;
    return crash;
  }
}

/** Also where the error came from another thread or process, and has lost its class. */
export function isProcessorCrash(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "processor_crashed";
}
