import { LOST_RUNNERS_MAX, type RunnerRepository } from "../core/model/runner.ts";
import type { UpkeepTask } from "./upkeep.ts";

/** Batches of dead runners that one round gives back. */
const LEASES_MAX = 20;

interface RescueParts {
  readonly runners: RunnerRepository;
  readonly lease_seconds: number;
  /** How long this process has been in touch with the database without a break: who was cut off itself cannot tell who is dead. */
  readonly contactMs: () => number;
  /** Told how many jobs wait again. */
  readonly onRescued: (jobs: number) => Promise<void>;
}

/** Gives back the jobs of runners whose heartbeat stopped for a lease. Run by every runner; any of them may be the one that does it. */
export function rescue({ runners, lease_seconds, contactMs, onRescued }: RescueParts): UpkeepTask {
  const lease_ms = lease_seconds * 1_000;
  return {
    name: "rescue",
    every_ms: 1_000,
    async runOnce() {
      if (contactMs() < lease_ms) return false;
      const { rescued, more } = await runners.rescue({
        lease_ms,
        lost_max: LOST_RUNNERS_MAX,
        leases_max: LEASES_MAX,
      });
      if (rescued > 0) await onRescued(rescued);
      return more;
    },
  };
}
