import type { BacklogRepository } from "../core/model/ready-queue.ts";
import type { UpkeepTask } from "./upkeep.ts";

const BATCH = 1_000;

/** Jobs of a type that was resumed wait in the backlog again. Run by every runner. */
export function unparking(backlog: BacklogRepository): UpkeepTask {
  return { name: "unparking", every_ms: 1_000, runOnce: async () => (await backlog.unpark(BATCH)) === BATCH };
}
