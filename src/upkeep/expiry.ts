import type { UpkeepTask } from "./upkeep.ts";

/** Forgets idempotency keys and events that nobody may ask for any more. Run by every runner. */
export function expiry(forgetExpired: () => Promise<boolean>): UpkeepTask {
  return { name: "expiry", every_ms: 5_000, runOnce: forgetExpired };
}
