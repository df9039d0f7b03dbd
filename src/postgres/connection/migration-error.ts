/** The schema of a database is not what `migrations/` says, and the message names the way out. */
export class MigrationError extends Error {
  override readonly name = "MigrationError";
}
