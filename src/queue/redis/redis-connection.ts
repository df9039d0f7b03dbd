import { createRequire } from "node:module";
import type { Redis, RedisOptions } from "ioredis";
import { LateError, within } from "../../core/lib/within.ts";

/** Bounds the whole opening, not only the TCP connection: a black hole accepts that and never replies. */
const OPEN_TIMEOUT_MS = 1_500;
/** For this long after a failed attempt to open, each use fails at once. */
const RETRY_MS = 250;

/**
 * ioredis does nothing by itself: no queue of commands, no resending, no reconnecting. A command returns or
 * fails now, and every caller has something else to do when it fails.
 */
const OPTIONS = {
  lazyConnect: true,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  // Its check waits for a server that loads its data, and hides that from us. `ask` hears it at once.
  enableReadyCheck: false,
  retryStrategy: () => null,
  connectTimeout: OPEN_TIMEOUT_MS,
  disconnectTimeout: 100,
  keepAlive: 5_000,
} as const satisfies RedisOptions;

/** Loaded with the first connection: its 250 files cost a process without Redis a fifth of its start. */
const loadRedis = (): typeof Redis => {
  const { Redis: Client } = createRequire(import.meta.url)("ioredis") as { Redis: typeof Redis };
  return Client;
};

interface Opened<Facts> {
  readonly redis: Redis;
  readonly facts: Facts;
}

interface ConnectionOptions<Facts> {
  readonly url: string;
  /** Shown in CLIENT LIST. */
  readonly name: string;
  /** Asks the server over a new connection what must be known before its first use. */
  readonly ask: (redis: Redis) => Promise<Facts>;
}

/**
 * A connection that never hangs. It opens at its first use. A use that gets no reply in time destroys the
 * socket, and the next one opens another: nothing else tells a half-open socket from a slow server.
 */
export class RedisConnection<Facts> {
  readonly #options: ConnectionOptions<Facts>;
  /** The newest client, opening or open. */
  #redis: Redis | undefined;
  #opening: Promise<Opened<Facts>> | undefined;
  #opened: Opened<Facts> | undefined;
  #failed: { readonly error: Error; readonly at: number } | undefined;
  #closed = false;

  constructor(options: ConnectionOptions<Facts>) {
    this.#options = options;
  }

  /** What `ask` returned of the open connection; undefined while there is none. */
  get facts(): Facts | undefined {
    return this.#opened?.facts;
  }

  /**
   * Opens the connection if needed, and does `work` within `timeout_ms`. Fails at once while the server is
   * away.
   */
  async use<T>(timeout_ms: number, work: (redis: Redis, facts: Facts) => Promise<T>): Promise<T> {
    const { redis, facts } = await this.#open();
    try {
      return await within(timeout_ms, work(redis, facts));
    } catch (error) {
      // Any other error is the server's reply, or comes with the event `close`, which forgets the connection.
      if (error instanceof LateError) this.#drop(redis);
      throw error;
    }
  }

  close(): void {
    this.#closed = true;
    this.#redis?.disconnect();
  }

  #open(): Promise<Opened<Facts>> {
    if (this.#closed) return Promise.reject(new Error("the connection is closed"));
    if (this.#opened) return Promise.resolve(this.#opened);
    if (this.#failed && performance.now() - this.#failed.at < RETRY_MS)
      return Promise.reject(this.#failed.error);
    this.#opening ??= this.#openNow().finally(() => (this.#opening = undefined));
    return this.#opening;
  }

  async #openNow(): Promise<Opened<Facts>> {
    const { url, name, ask } = this.#options;
    const redis = new (loadRedis())(url, { ...OPTIONS, connectionName: name });
    this.#redis = redis;
    let fault: Error | undefined;
    // Without a listener, ioredis prints an error for every lost connection.
    redis.on("error", (error: Error) => (fault ??= error));
    redis.on("close", () => this.#forget(redis));
    try {
      const facts = await within(
        OPEN_TIMEOUT_MS,
        // PING is refused without a password and while data is loaded; AUTH and SELECT fail beside it.
        redis.connect().then(async () => (await redis.ping(), await ask(redis))),
      );
      if (fault) throw fault;
      this.#opened = { redis, facts };
      this.#failed = undefined;
      return this.#opened;
    } catch (error) {
      redis.disconnect();
      // The socket's own error says more than ioredis' "Connection is closed."
      this.#failed = { error: fault ?? toError(error), at: performance.now() };
      throw this.#failed.error;
    }
  }

  #drop(redis: Redis): void {
    this.#forget(redis);
    redis.disconnect();
  }

  #forget(redis: Redis): void {
    if (this.#opened?.redis === redis) this.#opened = undefined;
  }
}

function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
