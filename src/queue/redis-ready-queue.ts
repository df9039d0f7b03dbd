import { CLAIM_WAIT_MS, PUSH_TIMEOUT_MS } from "../core/model/limits.ts";
import { PlatformError } from "../core/lib/errors.ts";
import { within } from "../core/lib/within.ts";
import type { Bell } from "../core/model/bell.ts";
import type { ClaimedJob, JobRepository } from "../core/model/job.ts";
import type { ClaimRequest, ReadyJob, ReadyQueue, Room } from "../core/model/ready-queue.ts";
import type { WaitingJobRepository } from "../core/model/waiting-jobs.ts";
import { BacklogDrain } from "./backlog-drain.ts";
import { directClaims, type DirectClaims } from "./direct-claims.ts";
import { ListLengths, type Lengths } from "./list-lengths.ts";
import { createOwnership, type Ownership } from "./ownership.ts";
import { explainRedisFault } from "./redis/explain-redis-fault.ts";
import { redisAddress } from "./redis/redis-address.ts";
import { RedisHealth } from "./redis/redis-health.ts";
import { RedisLists, type Popped } from "./redis/redis-lists.ts";
import { refillLists, type Refill } from "./refill-lists.ts";

/*
 * The ready queue of a process is in one of three modes.
 *
 * LISTS     The ready lists tell of all that is due, as far as this process knows.
 *   entered   at the start; from BACKLOG, when a claim in turns finds nothing, or a refill leaves nothing.
 *   claim     pops ids, and waits for the first. As long as fewer ids come than there are free slots, there is
 *             nothing to choose, and it claims these ids. A wait that ends without one is followed by one look
 *             in PostgreSQL: a job can wait there although its id is missing from the lists.
 *   push      pushes the jobs that there is room for.
 *   refill    stamps and pushes jobs of the backlog, up to 500 of each priority a round.
 *
 * BACKLOG   More jobs are due than this runner has free slots, or some are not in the lists.
 *   entered   when a pop returns as many ids as there are free slots, when a refill leaves a backlog behind,
 *             and when the bell rings: a limit has room again, or a popper met jobs that it does not serve.
 *   claim     takes jobs in turns straight from PostgreSQL, whether their ids are in the lists or not: who is
 *             next is decided when a slot is free, not when an id is pushed. As many ids go out of the lists,
 *             so that these keep step for foreign programs. A job whose id came out of a higher list than
 *             its own counts as of that priority.
 *   push      as in LISTS.
 *   refill    as in LISTS, but only one round a second of all processes together, as far as their own runners
 *             take from the backlog.
 *
 * AWAY      Reads or writes of Redis have failed for 3 s. It hides one of the other modes until both work.
 *   entered   from either mode, by time.
 *   claim     takes jobs in turns straight from PostgreSQL, and waits for the bell.
 *   push      as in LISTS while writes work.
 *   refill    as in LISTS while writes work.
 *
 * At the start of a process Redis has no patience: when `join` finds that it takes no writes, the queue is
 * AWAY at once.
 *
 * In any mode, nothing is pushed while writes fail, from the first failure on: submissions must not wait 3 s
 * to find out. Jobs that are not pushed stay in the backlog. `push` and `refill` then ring the bell for
 * runners that are AWAY.
 *
 * The mode follows from what two objects remember: `RedisHealth` (since when reads and writes fail) and
 * `BacklogDrain` (whether a backlog waits, and who drains it). A third, `ListLengths`, remembers how full the
 * lists are, for `room`.
 */
type Mode = "LISTS" | "BACKLOG" | "AWAY";

/** Scheduled jobs that one refill moves to the backlog when they have come due. */
const PROMOTE_BATCH = 1_000;
const PING_TIMEOUT_MS = 1_000;
/** The start of a process waits no longer for Redis. */
const JOIN_TIMEOUT_MS = 1_500;
const NO_ROOM: Room = { 0: false, 1: false, 2: false };

interface Parts {
  readonly url: string;
  /** Of the lists' keys: `jobs`, or `{jobs}` for Redis Cluster. */
  readonly prefix: string;
  readonly jobs: JobRepository;
  readonly waitingJobs: WaitingJobRepository;
  readonly bell: Bell;
  /** Names the platform, from its database: two with one prefix are told of each other. */
  readonly platformId: () => Promise<string>;
  /** Told of what nobody else would see, once an outage. */
  readonly say: (level: "info" | "warn", line: string) => void;
}

/**
 * The ready queue on Redis lists. Connects when it is first used. Redis may be gone, silent, slow, full or
 * read-only: jobs are then taken from PostgreSQL, and it goes back to Redis by itself.
 */
export class RedisReadyQueue implements ReadyQueue {
  readonly #parts: Parts;
  readonly #server: string;
  readonly #ownership: Ownership;
  readonly #lists: RedisLists;
  readonly #direct: DirectClaims;
  readonly #refill: Refill;
  readonly #health: RedisHealth;
  readonly #known = new ListLengths();
  readonly #drain = new BacklogDrain();
  #wakes = 0;
  #waitingPops = 0;
  #listens = false;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#server = `Redis at ${redisAddress(parts.url)}`;
    this.#lists = new RedisLists(parts.url, parts.prefix);
    this.#ownership = createOwnership(this.#lists, parts);
    this.#direct = directClaims(parts.jobs, parts.bell);
    this.#refill = refillLists(this.#lists, parts.waitingJobs);
    this.#health = new RedisHealth({
      onFault: (error) => this.#sayFault(error),
      onReturn: () => this.#direct.wake(),
      onMended: () => {
        parts.say("info", `${this.#server} works again and carries the ids of jobs`);
        void this.#ownership.renew();
      },
      tryOut: { reads: () => this.#lists.pingPop(), writes: () => this.#lookUp() },
    });
  }

  get mode(): Mode {
    if (this.#health.away) return "AWAY";
    return this.#drain.waits ? "BACKLOG" : "LISTS";
  }

  room(): Room {
    // While writes fail, `RedisHealth` looks by itself.
    if (!this.#health.takesWrites) return NO_ROOM;
    if (this.#known.isDoubtful) void this.#tryWrite(() => this.#lookUp());
    return this.#known.room;
  }

  async push(due: readonly ReadyJob[], room: Room): Promise<void> {
    const pushable = due.filter((job) => room[job.priority]);
    if (pushable.length > 0) await this.#tryWrite(() => this.#pushInTime(pushable));
    // For runners that are AWAY. Nobody waits for the ring: they also look once a second.
    if (due.length > 0 && !this.#health.takesWrites) void this.#direct.ring();
  }

  async claim(request: ClaimRequest): Promise<ClaimedJob[]> {
    const deadline = performance.now() + request.wait_ms;
    const wakesBefore = this.#wakes;
    const rest = () => ({ ...request, wait_ms: deadline - performance.now() });
    if (this.mode === "BACKLOG") {
      const claimed = await this.#claimTurns(request, await this.#popAlongside(request));
      if (claimed.length > 0) return claimed;
    }
    if (this.#health.away) return await this.#direct.claim(rest());
    const popped = await this.#pop(rest());
    const ids = popped.flatMap((list) => list.ids);
    if (ids.length > 0 && ids.length < request.max) return await this.#claimPopped(request, popped);
    if (this.#wakes > wakesBefore) return [];
    if (this.#health.away) return await this.#direct.claim(rest());
    // More may wait than there are free slots, or a job whose id is in no list: evicted, wiped, popped by a
    // foreign consumer or by a runner that died. No runner idles beside a job that waits.
    return await this.#claimTurns(request, popped);
  }

  async wake(): Promise<void> {
    this.#wakes += 1;
    this.#direct.wake();
    await this.#lists.wake();
  }

  async join(): Promise<void> {
    await this.#health.begin(() => within(JOIN_TIMEOUT_MS, this.#lists.probe()).then(() => undefined));
    if (this.#health.takesWrites) void this.#ownership.renew();
  }

  async refill(): Promise<boolean> {
    if (this.#health.takesWrites) void this.#ownership.renew();
    const promoted = await this.#parts.waitingJobs.promoteDue(PROMOTE_BATCH);
    await this.#tryWrite(() => this.#lookUp());
    const more = this.#health.takesWrites ? await this.#fillLists() : await this.#ringFor(promoted);
    return more || promoted === PROMOTE_BATCH;
  }

  async lengths(): Promise<Lengths> {
    return await this.#lists.probe().catch((error: unknown) => this.#throwUnavailable(error));
  }

  async ping(): Promise<void> {
    // Not PING: a Redis that takes no writes is of no more use than one that is gone.
    await within(PING_TIMEOUT_MS, this.#lists.probe()).catch((error: unknown) =>
      this.#throwUnavailable(error),
    );
  }

  async findRival(): Promise<string | undefined> {
    return await this.#ownership.findRival();
  }

  async close(): Promise<void> {
    this.#health.close();
    this.#lists.close();
    await this.#parts.bell.close();
  }

  /**
   * Ids to claim; none when the lists are empty, or when Redis has been away for long enough to do without
   * it.
   */
  async #pop(request: ClaimRequest): Promise<Popped[]> {
    try {
      return await this.#health.watch("reads", () => this.#popOrWait(request));
    } catch (error) {
      return this.mode === "AWAY" ? [] : this.#throwUnavailable(error);
    }
  }

  async #popOrWait({ max, wait_ms, priorities }: ClaimRequest): Promise<Popped[]> {
    const popped = await this.#lists.pop(max, 0, priorities);
    if (popped.length > 0 || wait_ms <= 0) return popped;
    this.#waitingPops += 1;
    void this.#listen();
    return await this.#lists.pop(max, wait_ms, priorities).finally(() => (this.#waitingPops -= 1));
  }

  /**
   * A ring tells of jobs that are not in the lists: a limit has room, or somebody does not serve them. One
   * listens for all pops, and goes on while one waits.
   */
  async #listen(): Promise<void> {
    if (this.#listens) return;
    this.#listens = true;
    const { bell } = this.#parts;
    while (this.#waitingPops > 0) {
      const { heard } = bell;
      await bell.wait(heard, CLAIM_WAIT_MS);
      if (bell.heard === heard) continue;
      this.#drain.suspect();
      if (this.#waitingPops > 0) await this.#lists.wake().catch(() => undefined);
    }
    this.#listens = false;
  }

  async #claimPopped({ runner_id }: ClaimRequest, popped: readonly Popped[]): Promise<ClaimedJob[]> {
    try {
      return await this.#parts.jobs.claim({ runner_id, ids: popped.flatMap(({ ids }) => ids) });
    } catch (error) {
      // `refill` would find these ids missing and push them again, but only after seconds.
      await this.#lists.giveBack(popped).catch(() => undefined);
      throw error;
    }
  }

  /** As many ids as may be claimed go out of the lists, so that these keep step for foreign programs. */
  async #popAlongside({ max, priorities }: ClaimRequest): Promise<Popped[]> {
    if (this.#health.away) return [];
    return await this.#health.watch("reads", () => this.#lists.pop(max, 0, priorities)).catch(() => []);
  }

  /**
   * Takes jobs in turns, straight from PostgreSQL. `popped`: what came out of the lists. An id in a higher list
   * than its job's own was pushed there by somebody, and counts as of that priority.
   */
  async #claimTurns(request: ClaimRequest, popped: readonly Popped[]): Promise<ClaimedJob[]> {
    const listed = popped.flatMap(({ ids, priority }) => ids.map((id) => ({ id, priority })));
    const claimed = await this.#parts.jobs.claimTurns({ ...request, listed });
    this.#drain.claimed(claimed.length);
    return claimed;
  }

  /** One round of refill. True when there is more to move that our own runner does not take faster. */
  async #fillLists(): Promise<boolean> {
    // While runners take from the backlog themselves, the lists are for foreign consumers: one batch a second of
    // all runners together is enough.
    if (this.#drain.isOurs && !(await this.#lists.takeRefill())) return false;
    const round = await this.#refill.round(this.#known.lengths);
    const { isOurs } = this.#drain;
    this.#drain.refilled(round.backlog);
    return round.again && !isOurs;
  }

  async #ringFor(promoted: number): Promise<false> {
    if (promoted > 0) await this.#direct.ring();
    return false;
  }

  /**
   * Asks Redis whether it takes writes, and how long the lists are. A slow Redis counts as one that is gone.
   */
  async #lookUp(): Promise<void> {
    this.#known.ask();
    this.#known.learn(await within(PUSH_TIMEOUT_MS, this.#lists.probe()));
  }

  async #pushInTime(ready: readonly ReadyJob[]): Promise<void> {
    this.#known.learn(await within(PUSH_TIMEOUT_MS, this.#lists.push(ready)));
  }

  /** A write that fails is known to `RedisHealth`, and nobody else needs to hear of it. */
  async #tryWrite(work: () => Promise<void>): Promise<void> {
    await this.#health.watch("writes", work).catch(() => undefined);
  }

  #sayFault(error: unknown): void {
    const { found, way_out } = explainRedisFault(error);
    this.#parts.say(
      "warn",
      `${this.#server} (REDIS_URL) ${found}. Jobs run all the same, from PostgreSQL, until it works. To mend it: ${way_out}.`,
    );
  }

  #throwUnavailable(error: unknown): never {
    const { found } = explainRedisFault(error);
    throw new PlatformError("unavailable", `${this.#server} ${found}. Jobs run from PostgreSQL.`, {
      cause: error,
    });
  }
}
