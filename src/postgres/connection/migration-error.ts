import { OperatorError } from "../../core/lib/operator-error.ts";

/** The schema of a database is not what `migrations/` says. The message says what to do. */
export class MigrationError extends OperatorError {
  constructor(message: string, options?: { readonly cause?: unknown }) {
    super("migration_failed", message, options);
  }
}
