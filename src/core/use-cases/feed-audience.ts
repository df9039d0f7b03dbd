import { setImmediate as nextRound } from "node:timers/promises";
import type { FeedPage, FeedPosition } from "../model/event-feed.ts";
import { FEED_CHANGES_MAX, FEED_SHARED_MS, FEED_WAVE } from "../model/limits.ts";

/** Which jobs changed, as far as it is told. */
export interface ChangedJobs {
  readonly job_ids: readonly string[];
  /** Others may have changed, too: new ones, or more than are named. */
  readonly others: boolean;
}

const ANY: ChangedJobs = { job_ids: [], others: true };
const PAGES_SHARED_MAX = 100;

/** One that reads along. */
export class FeedReader {
  hasGrown = false;
  changed: ChangedJobs | undefined;
  #wake = (): void => undefined;

  grew(): void {
    this.hasGrown = true;
    this.#wake();
  }

  /** Of a reader that has not taken the last changes, only that there were some is kept. */
  tell(changed: ChangedJobs): void {
    this.changed = this.changed ? ANY : changed;
    this.#wake();
  }

  takeChanged(): ChangedJobs | undefined {
    const { changed } = this;
    this.changed = undefined;
    return changed;
  }

  wake(): void {
    this.#wake();
  }

  /** Until there is something for it, `ms` at most. */
  async sleep(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = () => undefined;
  }
}

/**
 * Readers are woken so many at a time, whoever they are. Then whatever else the process has to do goes first: a
 * thousand at once would hold it up.
 */
export class Waves {
  #left = FEED_WAVE;
  #next: Promise<void> | undefined;

  async wakeAll(readers: Iterable<FeedReader>, call: (reader: FeedReader) => void): Promise<void> {
    for (const reader of readers) {
      while (this.#left === 0) await (this.#next ??= this.#nextWave());
      this.#left -= 1;
      call(reader);
    }
  }

  async #nextWave(): Promise<void> {
    await nextRound();
    this.#next = undefined;
    this.#left = FEED_WAVE;
  }
}

/** Those who read the events of the same customer, or of all. They share what is read and told. */
export class FeedAudience {
  readonly readers = new Set<FeedReader>();
  readonly #waves: Waves;
  readonly #apart_ms: () => number;
  readonly #pages = new Map<string, { readonly page: Promise<FeedPage>; readonly asked_at: number }>();
  #ids = new Set<string>();
  #others = false;
  #timer: NodeJS.Timeout | undefined;
  #told_at = -Infinity;

  /** `apart_ms`: how far apart changes are told now. */
  constructor(waves: Waves, apart_ms: () => number) {
    this.#waves = waves;
    this.#apart_ms = apart_ms;
  }

  /** Of all who ask for the same page within a moment, one asks the database. */
  read(position: FeedPosition, list: () => Promise<FeedPage>): Promise<FeedPage> {
    const key = `${position.seq} ${position.nth}`;
    const known = this.#pages.get(key);
    const asked_at = performance.now();
    if (known && asked_at - known.asked_at < FEED_SHARED_MS) return known.page;
    if (this.#pages.size >= PAGES_SHARED_MAX) this.#pages.clear();
    const page = list();
    const shared = { page, asked_at };
    this.#pages.set(key, shared);
    page.catch(() => {
      if (this.#pages.get(key) === shared) this.#pages.delete(key);
    });
    return page;
  }

  change(job_id: string | undefined): void {
    if (job_id === undefined || this.#ids.size >= FEED_CHANGES_MAX) this.#others = true;
    else this.#ids.add(job_id);
    // The first change after a while is told at once.
    const wait_ms = Math.max(0, this.#told_at + this.#apart_ms() - performance.now());
    this.#timer ??= setTimeout(() => this.#tell(), wait_ms).unref();
  }

  grew(): void {
    // What was read before may lack what is new.
    this.#pages.clear();
    void this.#waves.wakeAll(this.readers, (reader) => reader.grew());
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #tell(): void {
    this.#timer = undefined;
    this.#told_at = performance.now();
    const changed = { job_ids: [...this.#ids], others: this.#others };
    this.#ids = new Set();
    this.#others = false;
    void this.#waves.wakeAll(this.readers, (reader) => reader.tell(changed));
  }
}
