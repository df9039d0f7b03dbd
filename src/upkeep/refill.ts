import type { ReadyQueue } from "../core/model/ready-queue.ts";
import type { UpkeepTask } from "./upkeep.ts";

/** Brings what waits outside the ready queue into it: see `ReadyQueue.refill`. Run by every runner. */
export function refill(readyQueue: ReadyQueue): UpkeepTask {
  return { name: "refill", every_ms: 1_000, runOnce: () => readyQueue.refill() };
}
