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

/** How the schema of a database differs from that of this release. */
export interface SchemaState extends SchemaChanges {
  /** Numbered steps of newer releases that ran, oldest first. This release works beside them. */
  readonly newerMigrations: readonly string[];
  /** Functions and views that a newer release replaced. */
  readonly newerFunctions: readonly string[];
}

/** What taking back numbered steps would lose, and who is at work on it. */
export interface RevertRisk {
  /** Tables that would go, or lose a column, and the rows that they have. Empty ones are left out. */
  readonly tables: readonly { readonly name: string; readonly rows: number }[];
  /** Runners that sent a heartbeat within the lease. */
  readonly liveRunners: number;
}
