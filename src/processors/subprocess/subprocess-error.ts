/** An attempt of a command failed; another one may not. */
export class SubprocessError extends Error {
  override readonly name = "SubprocessError";
  readonly code: "attempt_failed" | "output_invalid" | "output_too_large";

  constructor(code: SubprocessError["code"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
