import type { WaitingJobRepository } from "../core/model/waiting-jobs.ts";
import type { UpkeepTask } from "./upkeep.ts";

const BATCH = 1_000;

/** Jobs of a type that was resumed wait in the backlog again. Run by every runner. */
export function unparking(waitingJobs: WaitingJobRepository): UpkeepTask {
  return {
    name: "unparking",
    every_ms: 1_000,
    runOnce: async () => (await waitingJobs.unpark(BATCH)) === BATCH,
  };
}
