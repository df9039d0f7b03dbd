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

/** The last audit that upkeep did. */
export interface LastAudit {
  /** Null: none was done yet. */
  readonly status: "clean" | "broken" | null;
  /** When it began. */
  readonly checked_at: string | null;
  readonly took_ms: number | null;
  /** Since when another one is wanted; null when none is. */
  readonly requested_at: string | null;
  readonly promises: readonly AuditRow[];
}

/** The audit as upkeep does it: one process at a time, and the result is kept. */
export interface AuditRepository {
  last(): Promise<LastAudit>;
  /** Asks for an audit, which the upkeep of a runner does within seconds. The last request counts. */
  request(): Promise<void>;
  /** Audits if that is due. */
  runIfDue(): Promise<void>;
}
