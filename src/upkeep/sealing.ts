import type { SealRepository } from "../core/model/seals.ts";
import type { UpkeepTask } from "./upkeep.ts";

/** Adds a link to the hash chain of each wallet that has new entries. Run by every runner; the database lets one at a time. */
export function sealing(seals: SealRepository): UpkeepTask {
  let cursor: string | undefined;
  return {
    name: "sealing",
    every_ms: 60_000,
    async runOnce() {
      cursor = await seals.sealNext(cursor);
      return cursor !== undefined;
    },
  };
}
