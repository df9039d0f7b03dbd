import { READY_WINDOW } from "../core/model/limits.ts";
import { PRIORITIES, type Priority } from "../core/model/job.ts";
import type { WaitingJobRepository } from "../core/model/waiting-jobs.ts";
import type { Lengths } from "./list-lengths.ts";
import type { RedisLists } from "./redis/redis-lists.ts";

/**
 * Jobs of each priority that one round moves. Over a backlog of 1,000 customers that takes some 30 ms, and the
 * three priorities share the cores.
 */
export const REFILL_BATCH = 500;
/**
 * From stamp to push and from pop to claim take milliseconds: an id stamped this long ago and in no list is
 * missing.
 */
const MISSING_AFTER_MS = 2_000;
/**
 * A list that is shorter than its stamped jobs misses ids, and is compared at once. Stale or foreign ids can
 * hide that by making the list longer, so each list is also compared this often.
 */
const COMPARE_MS = 5_000;
/**
 * Ids of a list that are compared. A foreign producer can make it longer; ids beyond this may be pushed
 * twice, which is harmless.
 */
const PRESENT_MAX = 4 * READY_WINDOW;

export interface RefillRound {
  /** Jobs were moved and there is room for more. */
  readonly again: boolean;
  /** The backlog holds more than this round could move. */
  readonly backlog: boolean;
}

export interface Refill {
  /**
   * Moves a batch of due jobs into the lists, whatever kept them out: they came due, their push failed, their
   * id was popped by a runner that died before its claim, Redis was wiped, or the lists were full. Safe in
   * any number of processes at once.
   */
  round(lengths: Lengths): Promise<RefillRound>;
}

export function refillLists(lists: RedisLists, waitingJobs: WaitingJobRepository): Refill {
  const cursors = new Map<Priority, string>();
  const compared_at: Record<Priority, number> = { 0: 0, 1: 0, 2: 0 };

  async function unstampMissing(lengths: Lengths): Promise<void> {
    const stamped = await waitingJobs.countStamped(MISSING_AFTER_MS);
    const now = performance.now();
    const suspect = PRIORITIES.filter(
      (priority) =>
        stamped[priority] > 0 &&
        (lengths[priority] < stamped[priority] || now - compared_at[priority] > COMPARE_MS),
    );
    await Promise.all(
      suspect.map(async (priority) => {
        compared_at[priority] = now;
        const present = lengths[priority] > 0 ? await lists.present(priority, PRESENT_MAX) : [];
        await waitingJobs.unstampMissing({ priority, older_ms: MISSING_AFTER_MS, present });
      }),
    );
  }

  async function topUp(priority: Priority, length: number): Promise<{ again: boolean; overflows: boolean }> {
    const max = Math.min(READY_WINDOW - length, REFILL_BATCH);
    if (max <= 0) return { again: false, overflows: true };
    const { ids, cursor } = await waitingJobs.stampBacklog({ priority, max, after: cursors.get(priority) });
    if (cursor !== undefined) cursors.set(priority, cursor);
    await lists.push(ids.map((id) => ({ id, priority })));
    // A batch that is not full proves nothing: each customer gets an equal share of it, and one may have
    // more. An empty one does.
    const again = ids.length > 0 && length + ids.length < READY_WINDOW;
    return { again, overflows: ids.length === max };
  }

  return {
    async round(lengths) {
      await unstampMissing(lengths);
      const toppedUp = await Promise.all(PRIORITIES.map((priority) => topUp(priority, lengths[priority])));
      return {
        again: toppedUp.some(({ again }) => again),
        backlog: toppedUp.some(({ overflows }) => overflows),
      };
    },
  };
}
