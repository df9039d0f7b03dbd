import { LOST_RUNNERS_MAX } from "../core/model/limits.ts";
import type { Rescued, RunnerRepository } from "../core/model/runner.ts";
import type { UpkeepTask } from "./upkeep.ts";

/** Batches of dead runners that one round gives back. */
const LEASES_MAX = 20;

interface RescueParts {
  readonly runners: RunnerRepository;
  readonly lease_seconds: number;
  /**
   * Returns for how long this process has been in contact with the database without a break. A process that
   * just lost its own connection must not judge others: their silence may be its own outage.
   */
  readonly contact_ms: () => number;
  /** Called when jobs wait again. */
  readonly onRescued: (rescued: Rescued) => Promise<void>;
}

/** Gives back the jobs of runners that have sent no heartbeat for `lease_seconds`. */
export function rescue({ runners, lease_seconds, contact_ms, onRescued }: RescueParts): UpkeepTask {
  const lease_ms = lease_seconds * 1_000;
  return {
    name: "rescue",
    every_ms: 1_000,
    async runOnce() {
      if (contact_ms() < lease_ms) return false;
      const { more, ...rescued } = await runners.rescue({
        lease_ms,
        lostMax: LOST_RUNNERS_MAX,
        leasesMax: LEASES_MAX,
      });
      if (rescued.rescued > 0) await onRescued(rescued);
      return more;
    },
  };
}
