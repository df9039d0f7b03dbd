import type { Redis } from "ioredis";
import { PRIORITIES, type Priority } from "../../core/model/job.ts";
import { RedisConnection } from "./redis-connection.ts";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** A blocking read that has no reply this long after its own timeout sits on a dead socket. */
const OVERDUE_MS = 2_000;
const COMMAND_TIMEOUT_MS = 2_000;
/** A platform that has been silent for this long has left its lists. */
const OWNER_SECONDS = 60;
/** Upkeep refills each second, or a little sooner. */
const REFILL_EVERY_MS = 850;

export interface Popped {
  readonly key: string;
  /** Of the list. */
  readonly priority: Priority;
  readonly ids: readonly string[];
}

interface BlockingFacts {
  /** The id that Redis gave the connection, for `wake`. */
  readonly clientId: number;
  /** BLMPOP came with Redis 7. */
  readonly popsMany: boolean;
}

/**
 * The specification's lists, `<prefix>:p<priority>:pending`. Ids are plain text; they go in on the left and
 * come out on the right, so that a foreign producer or consumer works beside ours. One connection is for
 * commands, one blocks.
 */
export class RedisLists {
  readonly #commands: RedisConnection<void>;
  readonly #blocking: RedisConnection<BlockingFacts>;
  readonly #keys: string[];
  readonly #probeKey: string;
  readonly #ownerKey: string;
  readonly #rivalKey: string;
  readonly #refillKey: string;
  /** The last call on the blocking connection, done or not: the next one follows it. */
  #lastBlocking: Promise<unknown> = Promise.resolve();

  constructor(url: string, prefix: string) {
    this.#commands = new RedisConnection({ url, name: "iep", ask: () => Promise.resolve() });
    this.#blocking = new RedisConnection({ url, name: "iep pop", ask: askBlocking });
    this.#keys = PRIORITIES.map((priority) => `${prefix}:p${priority}:pending`);
    this.#probeKey = `${prefix}:probe`;
    this.#ownerKey = `${prefix}:owner`;
    this.#rivalKey = `${prefix}:rival`;
    this.#refillKey = `${prefix}:refill`;
  }

  /** Pushes ids so that the first one comes out first. Returns the length of each list that was pushed to. */
  async push(
    jobs: readonly { id: string; priority: Priority }[],
  ): Promise<Partial<Record<Priority, number>>> {
    const lists = PRIORITIES.map((priority) => ({
      priority,
      ids: jobs.filter((job) => job.priority === priority).map((job) => job.id),
    })).filter(({ ids }) => ids.length > 0);
    if (lists.length === 0) return {};
    const lengths = await this.#commands.use(COMMAND_TIMEOUT_MS, async (redis) => {
      const pipeline = redis.pipeline();
      for (const { priority, ids } of lists) pipeline.lpush(this.#key(priority), ...ids);
      return integers(await pipeline.exec());
    });
    return Object.fromEntries(lists.map(({ priority }, index) => [priority, lengths[index] ?? 0]));
  }

  /**
   * Returns the lengths of the lists. Throws when the server takes no writes: it is full, read-only, or
   * cannot save.
   */
  async probe(): Promise<Record<Priority, number>> {
    return await this.#commands.use(COMMAND_TIMEOUT_MS, async (redis) => {
      const pipeline = redis.pipeline();
      for (const key of this.#keys) pipeline.llen(key);
      // Redis refuses LPUSHX whenever it would refuse LPUSH. It changes nothing, because there is no such
      // list.
      pipeline.lpushx(this.#probeKey, "");
      const [high = 0, medium = 0, low = 0] = integers(await pipeline.exec());
      return { 0: high, 1: medium, 2: low };
    });
  }

  /** Returns the newest `max` ids of a list, without what is no id. */
  async present(priority: Priority, max: number): Promise<string[]> {
    return await this.#commands.use(COMMAND_TIMEOUT_MS, async (redis) =>
      toIds(await redis.lrange(this.#key(priority), 0, max - 1)),
    );
  }

  /** Pops up to `max` ids, of the highest priority first. Waits up to `wait_ms` for the first. */
  async pop(max: number, wait_ms: number, priorities: readonly Priority[] = PRIORITIES): Promise<Popped[]> {
    const keys = PRIORITIES.filter((one) => priorities.includes(one)).map((one) => this.#key(one));
    return await this.#serially(() => this.#popNow(keys, max, wait_ms));
  }

  /** Rejects when the blocking connection does not respond. Waits for a pop that is under way. */
  async pingPop(): Promise<void> {
    await this.#serially(() => this.#blocking.use(COMMAND_TIMEOUT_MS, (redis) => redis.ping()));
  }

  /** Puts popped ids back. They come out next, in the same order as before. */
  async giveBack(popped: readonly Popped[]): Promise<void> {
    const full = popped.filter(({ ids }) => ids.length > 0);
    if (full.length === 0) return;
    await this.#commands.use(COMMAND_TIMEOUT_MS, async (redis) => {
      const pipeline = redis.pipeline();
      for (const { key, ids } of full.toReversed()) pipeline.rpush(key, ...ids.toReversed());
      integers(await pipeline.exec());
    });
  }

  /**
   * Notes for a minute that these lists are this platform's. Returns another one that has noted the same
   * within a minute: the first one stays the owner, and later ones are its rivals.
   */
  async own(platform: string): Promise<string | undefined> {
    const { owner, rival } = await this.#commands.use(COMMAND_TIMEOUT_MS, async (redis) => {
      await redis.set(this.#ownerKey, platform, "EX", OWNER_SECONDS, "NX");
      const [first, second] = await redis.mget(this.#ownerKey, this.#rivalKey);
      if (first === platform) await redis.expire(this.#ownerKey, OWNER_SECONDS);
      else await redis.set(this.#rivalKey, platform, "EX", OWNER_SECONDS);
      return { owner: first, rival: second };
    });
    return [owner, rival].find((one) => typeof one === "string" && one !== platform) ?? undefined;
  }

  /** Whether no process has said this within a second: then the round of refill of this second is ours. */
  async takeRefill(): Promise<boolean> {
    return await this.#commands.use(
      COMMAND_TIMEOUT_MS,
      async (redis) => (await redis.set(this.#refillKey, "", "PX", REFILL_EVERY_MS, "NX")) !== null,
    );
  }

  /** Removes the lists and all that stands beside them. */
  async remove(): Promise<void> {
    await this.#commands.use(COMMAND_TIMEOUT_MS, (redis) =>
      redis.del(...this.#keys, this.#ownerKey, this.#rivalKey, this.#refillKey),
    );
  }

  /** `own` for a process that only looks. */
  async findRival(platform: string): Promise<string | undefined> {
    const noted = await this.#commands.use(COMMAND_TIMEOUT_MS, (redis) =>
      redis.mget(this.#ownerKey, this.#rivalKey),
    );
    return noted.find((one) => typeof one === "string" && one !== platform) ?? undefined;
  }

  /** Ends a `pop` that waits. The server ends it, so no id can be popped and lost on the way. */
  async wake(): Promise<void> {
    const id = this.#blocking.facts?.clientId;
    if (id !== undefined)
      await this.#commands.use(COMMAND_TIMEOUT_MS, (redis) => redis.client("UNBLOCK", id));
  }

  close(): void {
    this.#commands.close();
    this.#blocking.close();
  }

  #priorityOf(key: string): Priority {
    return PRIORITIES.find((priority) => this.#keys[priority] === key) ?? 2;
  }

  #key(priority: Priority): string {
    return this.#keys[priority] ?? "";
  }

  /**
   * One call at a time on the blocking connection: a call that waited behind another would use up its own
   * deadline.
   */
  async #serially<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#lastBlocking.then(work);
    this.#lastBlocking = mine.catch(() => undefined);
    return await mine;
  }

  async #popNow(keys: string[], max: number, wait_ms: number): Promise<Popped[]> {
    const popped: Popped[] = [];
    let wanted = max;
    for (let wait = wait_ms; wanted > 0; wait = 0) {
      const next = await this.#blocking
        .use(wait + OVERDUE_MS, (redis, { popsMany }) =>
          popsMany ? popMany(redis, keys, wanted, wait) : popOneByOne(redis, keys, wanted, wait),
        )
        .catch((error: unknown) => {
          // Ids that were popped before the connection broke must not be lost.
          if (popped.length > 0) return undefined;
          throw error;
        });
      if (!next) break;
      popped.push({ key: next.key, priority: this.#priorityOf(next.key), ids: toIds(next.ids) });
      wanted -= next.ids.length;
      // The id that ended a wait is returned at once: another look costs 0.3 of the 3 ms from submission to
      // start.
      if (wait > 0) break;
    }
    return popped;
  }
}

async function askBlocking(redis: Redis): Promise<BlockingFacts> {
  const [clientId, info] = await Promise.all([redis.client("ID"), redis.call("COMMAND", "INFO", "BLMPOP")]);
  return { clientId, popsMany: Array.isArray(info) && Array.isArray(info[0]) };
}

async function popMany(
  redis: Redis,
  keys: string[],
  max: number,
  wait_ms: number,
): Promise<Omit<Popped, "priority"> | undefined> {
  const reply =
    wait_ms > 0
      ? await redis.blmpop(wait_ms / 1_000, keys.length, keys, "RIGHT", "COUNT", max)
      : await redis.lmpop(keys.length, keys, "RIGHT", "COUNT", max);
  return reply ? { key: reply[0], ids: reply[1] } : undefined;
}

/** For Redis 6.2: BRPOP waits for the first id, then RPOP with a count takes the rest of that list. */
async function popOneByOne(
  redis: Redis,
  keys: string[],
  max: number,
  wait_ms: number,
): Promise<Omit<Popped, "priority"> | undefined> {
  if (wait_ms > 0) {
    const first = await redis.brpop(keys, wait_ms / 1_000);
    if (!first) return undefined;
    const [key, id] = first;
    const rest = max > 1 ? await redis.rpop(key, max - 1).catch(() => null) : null;
    return { key, ids: [id, ...(rest ?? [])] };
  }
  for (const key of keys) {
    const ids = await redis.rpop(key, max);
    if (ids && ids.length > 0) return { key, ids };
  }
  return undefined;
}

function toIds(elements: readonly string[]): string[] {
  return elements.map((element) => element.toLowerCase()).filter((element) => UUID.test(element));
}

/** Each reply of a pipeline has an error of its own; the first one is thrown. */
function integers(replies: [error: Error | null, reply: unknown][] | null): number[] {
  return (replies ?? []).map(([error, reply]) => {
    if (error) throw error;
    return Number(reply);
  });
}
