/** Redis has not worked for this long: runners take jobs straight from PostgreSQL. */
const AWAY_AFTER_MS = 3_000;
/** While something fails, how often it is looked whether it works again. */
const LOOK_MS = 250;

type Side = "reads" | "writes";

interface Options {
  /** At the first failure after all worked: once an outage, not once a failure. */
  readonly onFault: (error: unknown) => void;
  /** Works again after runners had turned away. */
  readonly onReturn: () => void;
  /** Tries a side that fails; rejects while it does not work. Bounded in time. */
  readonly tryOut: Readonly<Record<Side, () => Promise<void>>>;
}

/**
 * What is known of Redis, from what came of our own reads (pops) and writes (pushes, probes): never from the state of a socket, which says
 * nothing. Each side fails on its own: a full Redis still reads, and one connection can be half-open. What fails is tried out until it works.
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

  /** Whether runners should take jobs from PostgreSQL meanwhile. */
  get away(): boolean {
    const now = performance.now();
    return [...this.#failing.values()].some((since) => now - since >= AWAY_AFTER_MS);
  }

  works(side: Side): void {
    if (!this.#failing.has(side)) return;
    const { away } = this;
    this.#failing.delete(side);
    if (this.#failing.size === 0) this.#stopLooking();
    if (away && !this.away) this.#options.onReturn();
  }

  /** `since` is when the attempt that failed began: a black hole answers nothing until we lose patience. */
  fails(side: Side, error: unknown, since: number): void {
    if (this.#failing.size === 0) this.#options.onFault(error);
    if (!this.#failing.has(side)) this.#failing.set(side, since);
    // Unref'd: a process that ends does not wait for Redis.
    if (!this.#closed) this.#timer ??= setInterval(() => this.#tryOut(), LOOK_MS).unref();
  }

  close(): void {
    this.#closed = true;
    this.#stopLooking();
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
    if (works) this.works(side);
  }
}
