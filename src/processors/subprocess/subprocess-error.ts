interface SubprocessErrorOptions extends ErrorOptions {
  readonly signal?: NodeJS.Signals | undefined;
}

/** An attempt of a command failed; another one may not. */
export class SubprocessError extends Error {
  override readonly name = "SubprocessError";
  readonly code: "attempt_failed" | "output_invalid" | "output_too_large";
  /** What ended the command. Undefined when it ended by itself. */
  readonly signal: NodeJS.Signals | undefined;

  constructor(code: SubprocessError["code"], message: string, options: SubprocessErrorOptions = {}) {
    super(message, options);
    this.code = code;
    this.signal = options.signal;
  }
}
