/** Why the program itself cannot work. Users of `--json` decide by these codes. */
export type OperatorErrorCode =
  "usage" | "schema_outdated" | "migration_failed" | "configuration" | "unavailable" | "processors";

/** An error whose message says everything to whoever runs the program: it is shown without a stack. */
export class OperatorError extends Error {
  readonly code: OperatorErrorCode;

  constructor(code: OperatorErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}
