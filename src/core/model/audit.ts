/** One promise of the platform, and how many rows break it now. */
export interface AuditRow {
  readonly promise: string;
  readonly says: string;
  readonly broken: number;
  /** One that breaks it. */
  readonly example: string | null;
}

export function isClean(rows: readonly AuditRow[]): boolean {
  return rows.length > 0 && rows.every((row) => row.broken === 0);
}
