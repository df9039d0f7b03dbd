import { PRIORITIES, type Priority } from "../core/model/job.ts";
import { READY_WINDOW } from "../core/model/ready-queue.ts";
import type { WaitingJobRepository } from "../core/model/waiting-jobs.ts";
import type { RedisLists } from "./redis/redis-lists.ts";

/** Jobs that one round moves, of each priority: with 1,000 a round over a backlog of 1,000 customers took 25 ms, and three priorities share the cores. */
const BATCH = 500;
/** Between stamp and push, and between pop and claim, lie milliseconds: what is stamped this long and in no list is lost. */
const LOST_AFTER_MS = 2_000;
/** A list shorter than its stamped jobs lost some, and is compared at once; newer, stale or foreign ids can hide that, so it is compared this often too. */
const COMPARE_MS = 5_000;
/** A foreign producer may have made a list longer than our window; what is beyond this is not looked at, and may be pushed twice (harmless). */
const PRESENT_MAX = 4 * READY_WINDOW;

type Lengths = Readonly<Record<Priority, number>>;

export interface RefillRound {
  /** Something moved and there is room for more. */
  readonly again: boolean;
  /** The highest priority of which more waits in the backlog than a batch, or than there is room for. */
  readonly backlog: Priority | undefined;
}

export interface Refill {
  /**
   * One mechanism for everything that waits outside the lists: jobs that came due, a push that failed, an id popped by a runner that died before
   * its claim, a wiped Redis, a backlog larger than the window. Any number of processes may run it at once.
   */
  round(lengths: Lengths): Promise<RefillRound>;
}

export function refillLists(lists: RedisLists, waitingJobs: WaitingJobRepository): Refill {
  const cursors = new Map<Priority, string>();
  const compared_at: Record<Priority, number> = { 0: 0, 1: 0, 2: 0 };

  async function unstampMissing(lengths: Lengths): Promise<void> {
    const stamped = await waitingJobs.countStamped(LOST_AFTER_MS);
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
        await waitingJobs.unstampMissing({ priority, older_ms: LOST_AFTER_MS, present });
      }),
    );
  }

  async function topUp(priority: Priority, length: number): Promise<{ again: boolean; overflows: boolean }> {
    const max = Math.min(READY_WINDOW - length, BATCH);
    if (max <= 0) return { again: false, overflows: true };
    const { ids, cursor } = await waitingJobs.stampBacklog({ priority, max, after: cursors.get(priority) });
    if (cursor !== undefined) cursors.set(priority, cursor);
    await lists.push(ids.map((id) => ({ id, priority })));
    // An equal share for each customer can leave a batch half empty while somebody has more: only an empty one says that all is in.
    const again = ids.length > 0 && length + ids.length < READY_WINDOW;
    return { again, overflows: ids.length === max };
  }

  return {
    async round(lengths) {
      await unstampMissing(lengths);
      const toppedUp = await Promise.all(PRIORITIES.map((priority) => topUp(priority, lengths[priority])));
      return {
        again: toppedUp.some(({ again }) => again),
        backlog: PRIORITIES.find((priority) => toppedUp[priority]?.overflows),
      };
    },
  };
}
