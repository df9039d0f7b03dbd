import type { UpkeepTask } from "./upkeep.ts";

/** Forgets idempotency keys and events that nobody may ask for any more. Run by every runner. */
export function pruning(pruneOnce: () => Promise<boolean>): UpkeepTask {
  return { name: "pruning", every_ms: 5_000, runOnce: pruneOnce };
}
