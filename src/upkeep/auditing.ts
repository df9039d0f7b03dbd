import type { AuditRepository } from "../core/model/audit.ts";
import type { UpkeepTask } from "./upkeep.ts";

/** An audit reads every row: not while a process that has just started has a backlog to catch up with. */
const FIRST_WITHIN_MS = 30_000;

/**
 * Audits when that is due. An audit may take minutes, and a stop does not wait for it: a round only starts it,
 * and the next one throws what went wrong.
 */
export function auditing(audits: AuditRepository): UpkeepTask {
  let isRunning = false;
  let failure: { readonly error: unknown } | undefined;
  return {
    name: "auditing",
    every_ms: 2_000,
    canWait: true,
    firstWithin_ms: FIRST_WITHIN_MS,
    async runOnce() {
      const failed = failure;
      failure = undefined;
      if (failed) throw failed.error;
      if (isRunning) return false;
      isRunning = true;
      audits
        .runIfDue()
        .catch((error: unknown) => (failure = { error }))
        .finally(() => (isRunning = false));
      return await Promise.resolve(false);
    },
  };
}
