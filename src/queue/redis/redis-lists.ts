import type { Redis } from "ioredis";
import { PRIORITIES, type Priority } from "../../core/model/job.ts";
import { RedisConnection } from "./redis-connection.ts";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** A blocking read that has not come back this long after its own timeout sits on a dead socket. */
const OVERDUE_MS = 2_000;
const COMMAND_TIMEOUT_MS = 2_000;

export interface Popped {
  readonly key: string;
  readonly ids: readonly string[];
}

interface BlockingFacts {
  /** Of the connection, for `wake`. */
  readonly client_id: number;
  /** BLMPOP came with Redis 7. */
  readonly popsMany: boolean;
}

/**
 * The specification's lists, `<prefix>:p<priority>:pending`: ids go in on the left and come out on the right, as plain text, so that a foreign
 * producer or consumer works beside ours. One connection for commands, one that blocks.
 */
export class RedisLists {
  readonly #commands: RedisConnection<void>;
  readonly #blocking: RedisConnection<BlockingFacts>;
  readonly #keys: string[];
  readonly #probeKey: string;
  /** Pops share a connection: one at a time, so that the time of each is its own. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(url: string, prefix: string) {
    this.#commands = new RedisConnection({ url, name: "iep", ask: () => Promise.resolve() });
    this.#blocking = new RedisConnection({ url, name: "iep pop", ask: askBlocking });
    this.#keys = PRIORITIES.map((priority) => `${prefix}:p${priority}:pending`);
    this.#probeKey = `${prefix}:probe`;
  }

  /** Pushes ids so that the first one comes out first; answers the length of each list that was pushed to. */
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

  /** The lengths of the lists, from a server that also takes writes: one that is full, read-only or cannot save throws. */
  async probe(): Promise<Record<Priority, number>> {
    return await this.#commands.use(COMMAND_TIMEOUT_MS, async (redis) => {
      const pipeline = redis.pipeline();
      for (const key of this.#keys) pipeline.llen(key);
      // Refused whenever LPUSH would be; changes nothing, because there is no such list.
      pipeline.lpushx(this.#probeKey, "");
      const [high = 0, medium = 0, low = 0] = integers(await pipeline.exec());
      return { 0: high, 1: medium, 2: low };
    });
  }

  async lengths(): Promise<Record<Priority, number>> {
    return await this.#commands.use(COMMAND_TIMEOUT_MS, async (redis) => {
      const pipeline = redis.pipeline();
      for (const key of this.#keys) pipeline.llen(key);
      const [high = 0, medium = 0, low = 0] = integers(await pipeline.exec());
      return { 0: high, 1: medium, 2: low };
    });
  }

  /** What stands in a list, at most `max` ids. Anything that is no id is left out. */
  async present(priority: Priority, max: number): Promise<string[]> {
    return await this.#commands.use(COMMAND_TIMEOUT_MS, async (redis) =>
      toIds(await redis.lrange(this.#key(priority), 0, max - 1)),
    );
  }

  /** Pops up to `max` ids, high priority first, of no lower one than `down_to`; waits up to `wait_ms` for the first. */
  async pop(max: number, wait_ms: number, down_to: Priority = 2): Promise<Popped[]> {
    return await this.#inTurn(() => this.#popNow(this.#keys.slice(0, down_to + 1), max, wait_ms));
  }

  /** Rejects when the connection that pops does not answer. A pop under way goes first. */
  async pingPop(): Promise<void> {
    await this.#inTurn(() => this.#blocking.use(COMMAND_TIMEOUT_MS, (redis) => redis.ping()));
  }

  /** Puts popped ids back so that they come out next, in the order in which they came out before. */
  async giveBack(popped: readonly Popped[]): Promise<void> {
    const full = popped.filter(({ ids }) => ids.length > 0);
    if (full.length === 0) return;
    await this.#commands.use(COMMAND_TIMEOUT_MS, async (redis) => {
      const pipeline = redis.pipeline();
      for (const { key, ids } of full.toReversed()) pipeline.rpush(key, ...ids.toReversed());
      integers(await pipeline.exec());
    });
  }

  /** Ends a `pop` that waits, on the server, so that nothing can be popped and lost on the way. */
  async wake(): Promise<void> {
    const id = this.#blocking.facts?.client_id;
    if (id !== undefined)
      await this.#commands.use(COMMAND_TIMEOUT_MS, (redis) => redis.client("UNBLOCK", id));
  }

  async ping(): Promise<void> {
    await this.#commands.use(COMMAND_TIMEOUT_MS, (redis) => redis.ping());
  }

  close(): void {
    this.#commands.close();
    this.#blocking.close();
  }

  #key(priority: Priority): string {
    return this.#keys[priority] ?? "";
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(work);
    this.#turn = mine.catch(() => undefined);
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
          // What has been popped by now must not be lost with the connection.
          if (popped.length > 0) return undefined;
          throw error;
        });
      if (!next) break;
      popped.push({ key: next.key, ids: toIds(next.ids) });
      wanted -= next.ids.length;
      // What ended a wait goes at once: looking for more would only make it later (0.3 ms of 3 from submission to start).
      if (wait > 0) break;
    }
    return popped;
  }
}

async function askBlocking(redis: Redis): Promise<BlockingFacts> {
  const [client_id, info] = await Promise.all([redis.client("ID"), redis.call("COMMAND", "INFO", "BLMPOP")]);
  return { client_id, popsMany: Array.isArray(info) && Array.isArray(info[0]) };
}

async function popMany(
  redis: Redis,
  keys: string[],
  max: number,
  wait_ms: number,
): Promise<Popped | undefined> {
  const reply =
    wait_ms > 0
      ? await redis.blmpop(wait_ms / 1_000, keys.length, keys, "RIGHT", "COUNT", max)
      : await redis.lmpop(keys.length, keys, "RIGHT", "COUNT", max);
  return reply ? { key: reply[0], ids: reply[1] } : undefined;
}

/** Redis 6.2: BRPOP waits for the first, RPOP with a count takes the rest of that list. */
async function popOneByOne(
  redis: Redis,
  keys: string[],
  max: number,
  wait_ms: number,
): Promise<Popped | undefined> {
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

/** Every element of a pipeline has its own error: one that failed must not pass for an answer. */
function integers(replies: [error: Error | null, reply: unknown][] | null): number[] {
  return (replies ?? []).map(([error, reply]) => {
    if (error) throw error;
    return Number(reply);
  });
}
