import { OperatorError } from "../core/lib/operator-error.ts";

/** The environment is wrong. The message lists every wrong variable on a line of its own. */
export class ConfigError extends OperatorError {
  constructor(message: string, options?: { readonly cause?: unknown }) {
    super("configuration", message, options);
  }
}
