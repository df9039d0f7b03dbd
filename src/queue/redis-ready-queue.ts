import type { Bell } from "../core/model/bell.ts";
import { PlatformError } from "../core/lib/errors.ts";
import {
  JOB_BATCH_MAX,
  PRIORITIES,
  type ClaimedJob,
  type JobRepository,
  type Priority,
} from "../core/model/job.ts";
import {
  PUSH_TIMEOUT_MS,
  READY_WINDOW,
  type ClaimRequest,
  type ReadyJob,
  type ReadyQueue,
  type Room,
} from "../core/model/ready-queue.ts";
import type { WaitingJobRepository } from "../core/model/waiting-jobs.ts";
import { directClaims } from "./direct-claims.ts";
import { RedisHealth } from "./redis/redis-health.ts";
import { RedisLists, type Popped } from "./redis/redis-lists.ts";
import { refillLists } from "./refill-lists.ts";
import { within } from "../core/lib/within.ts";

/** How old the knowledge that a list is full may grow before a submission has it looked up again. */
const FULL_KNOWN_MS = 250;
const PROMOTE_BATCH = 1_000;
/** A runner that took from the backlog this lately goes on doing so. */
const DRAINS_ITSELF_MS = 1_000;

interface Parts {
  readonly url: string;
  /** Of the lists' keys: `jobs`, or `{jobs}` for Redis Cluster. */
  readonly prefix: string;
  readonly jobs: JobRepository;
  readonly waitingJobs: WaitingJobRepository;
  readonly bell: Bell;
  /** Told of faults that nobody else would see, once an outage. */
  readonly onError: (error: unknown, doing: string) => void;
}

/**
 * The ready queue on Redis lists. Connects when it is first used. While Redis is away (gone, silent, slow, full, read-only), submissions go into
 * the backlog without trying it, and after `AWAY_AFTER_MS` runners take jobs straight from PostgreSQL. Both go back by themselves.
 */
export function createRedisReadyQueue({ url, prefix, jobs, waitingJobs, bell, onError }: Parts): ReadyQueue {
  const lists = new RedisLists(url, prefix);
  const refill = refillLists(lists, waitingJobs);
  const direct = directClaims(jobs, bell);
  const health = new RedisHealth({
    onFault: (error) => onError(error, "a read or a push"),
    onReturn: () => direct.wake(),
    tryOut: { reads: () => lists.pingPop(), writes: lookUp },
  });
  let known: Record<Priority, number> = { 0: 0, 1: 0, 2: 0 };
  let known_at = performance.now();
  let wakes = 0;
  /** The highest priority of which a backlog waits, as far as is known: runners take it from PostgreSQL when the lists down to it are empty. */
  let backlog_of: Priority | undefined;
  let backlog_claimed_at = -Infinity;
  /** Jobs waited although the lists were empty for a whole wait: until that is over, PostgreSQL is asked at once. */
  let incomplete = false;

  /** Whether Redis takes writes, and how full the lists are. One that is slow must not be told from one that is gone: submissions wait for neither. */
  async function lookUp(): Promise<void> {
    known_at = performance.now();
    known = await within(PUSH_TIMEOUT_MS, lists.probe());
  }

  async function tryWrites(work: () => Promise<void>): Promise<void> {
    const started_at = performance.now();
    try {
      await work();
      health.works("writes");
    } catch (error) {
      health.fails("writes", error, started_at);
    }
  }

  /** Waits only when the lists are empty and nothing waits elsewhere; a backlog goes before what is less urgent. */
  async function pop(max: number, wait_ms: number): Promise<Popped[]> {
    if (backlog_of !== undefined) return await lists.pop(max, 0, backlog_of);
    const popped = await lists.pop(max, 0);
    return popped.length > 0 || wait_ms === 0 ? popped : await lists.pop(max, wait_ms);
  }

  /** Undefined when there is nothing to pop from: Redis has been away for too long. */
  async function tryPop(max: number, wait_ms: number): Promise<Popped[] | undefined> {
    const started_at = performance.now();
    try {
      const popped = await pop(max, wait_ms);
      health.works("reads");
      return popped;
    } catch (error) {
      health.fails("reads", error, started_at);
      return health.away ? undefined : throwAway(error);
    }
  }

  async function claimPopped(runner_id: string, popped: readonly Popped[]): Promise<ClaimedJob[]> {
    try {
      return await jobs.claim({ runner_id, ids: popped.flatMap(({ ids }) => ids) });
    } catch (error) {
      // Not ours after all; `refill` would bring them back, only later.
      await lists.giveBack(popped).catch((failure: unknown) => onError(failure, "give back"));
      throw error;
    }
  }

  /** Straight from PostgreSQL: what waits there need not be stamped, pushed and popped first. */
  async function claimBacklog(runner_id: string, max: number): Promise<ClaimedJob[]> {
    const claimed = await jobs.claimBacklog({ runner_id, max });
    if (claimed.length === 0) backlog_of = undefined;
    else backlog_claimed_at = performance.now();
    return claimed;
  }

  async function claim(request: ClaimRequest): Promise<ClaimedJob[]> {
    if (health.away) return await direct.claim(request);
    const { runner_id, max, wait_ms } = request;
    const wakesBefore = wakes;
    const popped = await tryPop(max, incomplete ? 0 : wait_ms);
    if (popped && popped.length > 0) {
      incomplete = false;
      return await claimPopped(runner_id, popped);
    }
    if (wakes > wakesBefore) return [];
    if (!popped) return await direct.claim(request);
    if (backlog_of !== undefined) return await claimBacklog(runner_id, max);
    // Nobody idles beside a job that waits, whatever became of its id: evicted, stolen, popped by a runner that died, wiped.
    const claimed = await jobs.claimNext({ runner_id, max });
    incomplete = claimed.length > 0;
    return claimed;
  }

  return {
    room() {
      const room = roomIn(known, health.takesWrites);
      // While writes fail, `health` looks by itself.
      const full = health.takesWrites && PRIORITIES.some((priority) => !room[priority]);
      if (full && performance.now() - known_at > FULL_KNOWN_MS) void tryWrites(lookUp);
      return room;
    },
    async push(due, room) {
      const pushable = due.filter((job) => room[job.priority]);
      if (pushable.length > 0) await tryWrites(() => pushInTime(pushable));
      // For runners that have turned to PostgreSQL. Nobody waits for the ring: it has a poll behind it.
      if (due.length > 0 && !health.takesWrites) void direct.ring();
    },
    claim,
    async wake() {
      wakes += 1;
      direct.wake();
      await lists.wake();
    },
    async refill() {
      const promoted = await waitingJobs.promoteDue(PROMOTE_BATCH);
      const full = promoted === PROMOTE_BATCH;
      await tryWrites(lookUp);
      if (!health.takesWrites) {
        if (promoted > 0) await direct.ring();
        return full;
      }
      const round = await refill.round(known);
      // What our own runner takes from the backlog, faster, needs no more than a taste in the lists, for others; and it sees by itself when nothing is left.
      const drainsItself = performance.now() - backlog_claimed_at < DRAINS_ITSELF_MS;
      if (!drainsItself || isHigher(round.backlog, backlog_of)) backlog_of = round.backlog;
      return full || (round.again && !drainsItself);
    },
    lengths: () => lists.lengths().catch(throwAway),
    async ping() {
      await within(PUSH_TIMEOUT_MS * 4, lists.ping()).catch(throwAway);
    },
    async close() {
      health.close();
      lists.close();
      await bell.close();
    },
  };

  async function pushInTime(ready: readonly ReadyJob[]): Promise<void> {
    known = { ...known, ...(await within(PUSH_TIMEOUT_MS, lists.push(ready))) };
  }
}

function throwAway(error: unknown): never {
  throw new PlatformError("unavailable", "Redis does not answer. Try again.", { cause: error });
}

function isHigher(one: Priority | undefined, other: Priority | undefined): boolean {
  return one !== undefined && (other === undefined || one < other);
}

/** Room for a whole batch of submissions: what is left beyond that `refill` fills, which is fair. */
function roomIn(lengths: Readonly<Record<Priority, number>>, takesWrites: boolean): Room {
  const has = (priority: Priority): boolean =>
    takesWrites && lengths[priority] + JOB_BATCH_MAX <= READY_WINDOW;
  return { 0: has(0), 1: has(1), 2: has(2) };
}
