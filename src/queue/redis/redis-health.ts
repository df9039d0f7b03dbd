/** Redis has not worked for this long: runners take jobs straight from PostgreSQL. */
const AWAY_AFTER_MS = 3_000;
/** A side that fails is tried this often. */
const LOOK_MS = 250;

type Side = "reads" | "writes";

interface Options {
  /** Called at the first failure after all worked: once an outage, not once a failure. */
  readonly onFault: (error: unknown) => void;
  /** Called when `away` ends. */
  readonly onReturn: () => void;
  /** Called when all works again after a fault that `onFault` was told of. */
  readonly onMended: () => void;
  /** Tries a side that fails; rejects while it does not work. Must settle in bounded time. */
  readonly tryOut: Readonly<Record<Side, () => Promise<void>>>;
}

/**
 * Whether Redis works, judged by the results of our own reads (pops) and writes (pushes, probes). The state
 * of a socket says nothing. Reads and writes fail separately: a full Redis still reads, and one of the two
 * connections can be half-open. A side that fails is tried every 250 ms until it works.
 */
export class RedisHealth {
  readonly #options: Options;
  /** Since when each side fails; absent while it works. */
  readonly #failing = new Map<Side, number>();
  readonly #trying = new Set<Side>();
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: Options) {
    this.#options = options;
  }

  /** Whether a push is worth a try. */
  get takesWrites(): boolean {
    return !this.#failing.has("writes");
  }

  /** Whether a side has failed for so long that runners should take jobs from PostgreSQL. */
  get away(): boolean {
    const now = performance.now();
    return [...this.#failing.values()].some((since) => now - since >= AWAY_AFTER_MS);
  }

  /** Does a read or a write, and remembers whether it worked. Rejects as `work` does. */
  async watch<T>(side: Side, work: () => Promise<T>): Promise<T> {
    const started_at = performance.now();
    try {
      const result = await work();
      this.#works(side);
      return result;
    } catch (error) {
      this.#fails(side, error, started_at);
      throw error;
    }
  }

  /**
   * The first write of a process. When it fails there is no patience: Redis counts as away at once. Never
   * rejects.
   */
  async begin(write: () => Promise<void>): Promise<void> {
    try {
      await write();
    } catch (error) {
      this.#fails("writes", error, -Infinity);
    }
  }

  close(): void {
    this.#closed = true;
    this.#stopLooking();
  }

  #works(side: Side): void {
    if (!this.#failing.has(side)) return;
    const { away } = this;
    this.#failing.delete(side);
    const mended = this.#failing.size === 0;
    if (mended) this.#stopLooking();
    if (away && !this.away) this.#options.onReturn();
    if (mended) this.#options.onMended();
  }

  /** `since` is when the failed attempt began, because a black hole fails only when its deadline is over. */
  #fails(side: Side, error: unknown, since: number): void {
    if (this.#failing.size === 0) this.#options.onFault(error);
    if (!this.#failing.has(side)) this.#failing.set(side, since);
    // Without `unref` a process could not end while Redis is away.
    if (!this.#closed) this.#timer ??= setInterval(() => this.#tryOut(), LOOK_MS).unref();
  }

  #stopLooking(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #tryOut(): void {
    for (const side of this.#failing.keys()) void this.#trySide(side);
  }

  async #trySide(side: Side): Promise<void> {
    if (this.#trying.has(side)) return;
    this.#trying.add(side);
    const works = await this.#options.tryOut[side]().then(
      () => true,
      () => false,
    );
    this.#trying.delete(side);
    if (works) this.#works(side);
  }
}
