/** One numbered step of the schema and when it ran; null when it has not run yet. */
export interface MigrationStatus {
  readonly version: string;
  readonly name: string;
  readonly applied_at: string | null;
}

/** What a `migrate up` did, or what is still to be done. */
export interface SchemaChanges {
  /** Numbered steps by the names of their folders, oldest first. */
  readonly migrations: readonly string[];
  /** Functions and views by name, in the order in which they are created. */
  readonly functions: readonly string[];
}
