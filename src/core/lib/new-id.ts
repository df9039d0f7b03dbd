import { randomFillSync } from "node:crypto";
import { v7 } from "uuid";
import { databaseClock, type DatabaseClock } from "./database-clock.ts";

const RANDOM_BYTES = 16;
const SEQ_LIMIT = 2 ** 31;
/**
 * A clock that is put back by more was wrong before. Ids must not keep that time for as long as this process
 * lives: filters and retention would take its jobs for those of another year.
 */
const PUT_BACK_MAX_MS = 60_000;

/** Returns what creates ids by the time of `clock`: see `newId`. */
export function createIdSource(clock: Pick<DatabaseClock, "now" | "isKnown">): () => string {
  /**
   * Random bytes are drawn in blocks: a draw for each id is 5 % of what a submission costs its API process.
   */
  const block = new Uint8Array(256 * RANDOM_BYTES);
  let used = block.length;
  let msecs = 0;
  let seq = 0;
  let wasKnown = false;

  return () => {
    if (used === block.length) {
      randomFillSync(block);
      used = 0;
    }
    const random = block.subarray(used, (used += RANDOM_BYTES));
    if (!wasKnown && clock.isKnown) {
      // Ids from before had the time of this host, which may be hours ahead.
      wasKnown = true;
      msecs = 0;
    }
    const now = Math.floor(clock.now());
    if (now > msecs || msecs - now > PUT_BACK_MAX_MS) {
      msecs = now;
      // Half of the room for what the same millisecond brings.
      seq = (((random[6] ?? 0) << 22) | ((random[7] ?? 0) << 14) | ((random[8] ?? 0) << 6)) >>> 0;
    } else if ((seq += 1) >= SEQ_LIMIT) {
      msecs += 1;
      seq = 0;
    }
    return v7({ msecs, seq, random });
  };
}

/**
 * Returns a UUIDv7 that sorts after every one that this process created before, also within a millisecond and
 * when a clock is put back by up to a minute. Its time is the database's: the ids of all hosts stand in one
 * order. Only ids from before the database first answered have this host's time.
 */
export const newId = createIdSource(databaseClock);
