import type { AuditRow } from "../core/model/audit.ts";
import { AUDIT_EVERY_MS } from "../core/model/limits.ts";
import type { UpkeepTask } from "./upkeep.ts";

/** After an audit, the pause is this many times as long as it took: it reads every row there is. */
const PAUSE_TIMES = 100;
/** When another process audits: by then it may be done. */
const AGAIN_MS = 60_000;

export interface Audited {
  readonly broken: readonly AuditRow[];
  readonly took_ms: number;
  /** How long after it the next one begins. */
  readonly next_ms: number;
}

interface AuditingParts {
  /** Returns nothing when another process audits just now. */
  readonly audit: () => Promise<readonly AuditRow[] | undefined>;
  readonly first_ms: number;
  readonly onAudited: (audited: Audited) => void;
}

/** Audits every quarter of an hour; more seldom where that would take more than 1 % of the time. */
export function auditing({ audit, first_ms, onAudited }: AuditingParts): UpkeepTask {
  let due_at = performance.now() + first_ms;
  return {
    name: "auditing",
    every_ms: 5_000,
    async runOnce() {
      if (performance.now() < due_at) return false;
      const started_at = performance.now();
      // An audit that fails, as one that takes too long does, is as dear as one that does not.
      const rows = await audit().finally(() => {
        due_at = performance.now() + pauseAfter(performance.now() - started_at);
      });
      const took_ms = performance.now() - started_at;
      if (rows)
        onAudited({ broken: rows.filter(({ broken }) => broken > 0), took_ms, next_ms: pauseAfter(took_ms) });
      else due_at = performance.now() + AGAIN_MS;
      return false;
    },
  };
}

function pauseAfter(took_ms: number): number {
  return Math.max(AUDIT_EVERY_MS, PAUSE_TIMES * took_ms);
}
