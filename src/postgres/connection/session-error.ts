import { OperatorError } from "../../core/lib/operator-error.ts";

/** A session of the database has settings with which values would be read wrong. The message says what to do. */
export class SessionError extends OperatorError {
  constructor(message: string) {
    super("configuration", message);
  }
}
