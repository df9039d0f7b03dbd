/** One numbered step of the schema and when it ran; null when it has not run yet. */
export interface MigrationStatus {
  readonly version: string;
  readonly name: string;
  readonly applied_at: string | null;
}
