import { OperatorError } from "../core/lib/operator-error.ts";

/** A server on this machine cannot be started. The message says why, and what to do. */
export class LocalServerError extends OperatorError {
  constructor(message: string) {
    super("unavailable", message);
  }
}
