import type { EventFeedRepository, FeedPosition, PlacedEvent } from "../model/event-feed.ts";
import type { JobChanges } from "../model/job-changes.ts";
import {
  FEED_CHANGES_MS,
  FEED_READER_MS,
  STREAM_EVENTS_MAX,
  STREAM_HEARTBEAT_MS,
  STREAM_LOOK_MS,
  STREAM_PAGE_CHARACTERS_MAX,
} from "../model/limits.ts";
import { FeedAudience, FeedReader, Waves, type ChangedJobs } from "./feed-audience.ts";

const PAGE = { limit: STREAM_EVENTS_MAX, characters: STREAM_PAGE_CHARACTERS_MAX };

/** What a reader gets next: events, which jobs changed, or neither, when there was nothing for a while. */
export interface FeedStep {
  readonly events: readonly PlacedEvent[];
  /** Up to where the reader has all events. */
  readonly position: FeedPosition;
  readonly changed?: ChangedJobs | undefined;
}

interface Follow {
  /** Undefined: from now on. */
  readonly after: FeedPosition | undefined;
  readonly signal: AbortSignal;
}

interface Parts {
  readonly eventFeed: EventFeedRepository;
  readonly jobChanges: Pick<JobChanges, "watchAll">;
}

/**
 * The events of all jobs of a customer, or of all customers, as they come, to any number of readers in this
 * process. When the feed has grown, one query finds who has something new, however many read. Each reader asks
 * for its next page when it has taken the last one, so a slow one costs no memory.
 */
export class LiveFeed {
  readonly #feed: EventFeedRepository;
  readonly #jobChanges: Pick<JobChanges, "watchAll">;
  /** By customer; `""` has those of all. */
  readonly #audiences = new Map<string, FeedAudience>();
  readonly #waves = new Waves();
  #readers = 0;
  /** Audiences that came while the database was asked who has something new. */
  #newcomers = new Set<FeedAudience>();
  /** Up to where it is known who has something new. */
  #seenSeq: number | undefined;
  #isLooking = false;
  #mustLook = false;
  #unwatch: (() => void) | undefined;

  constructor({ eventFeed, jobChanges }: Parts) {
    this.#feed = eventFeed;
    this.#jobChanges = jobChanges;
  }

  /** Begins with a step that says where the reader is. */
  async *follow(owner: string | undefined, { after, signal }: Follow): AsyncGenerator<FeedStep> {
    const reader = new FeedReader();
    const audience = this.#enter(owner ?? "", reader);
    const leave = (): void => {
      this.#leave(owner ?? "", audience, reader);
      reader.wake();
    };
    // Not at the end alone: nobody may ask for more, and then it never comes.
    signal.addEventListener("abort", leave);
    try {
      let position = after ?? (await this.#feed.end());
      yield { events: [], position };
      if (after) reader.hasGrown = true;
      while (!signal.aborted) {
        if (!reader.hasGrown && !reader.changed) await reader.sleep(STREAM_HEARTBEAT_MS);
        if (signal.aborted) return;
        const changed = reader.takeChanged();
        if (changed) yield { events: [], position, changed };
        else if (!reader.hasGrown) {
          // Nobody called for a while. A call may have been lost, so one looks for all.
          this.#look();
          yield { events: [], position };
        }
        if (reader.hasGrown) {
          // Before it reads: what comes meanwhile calls again.
          reader.hasGrown = false;
          const page = await audience.read(position, () =>
            this.#feed.list({ ...PAGE, after: position }, owner),
          );
          ({ position } = page);
          if (page.events.length > 0) yield { events: page.events, position };
          if (page.more) {
            reader.hasGrown = true;
            continue;
          }
        }
        // What happens in the same moment is told together.
        await new Promise((resolve) => void setTimeout(resolve, STREAM_LOOK_MS));
      }
    } finally {
      signal.removeEventListener("abort", leave);
      leave();
    }
  }

  #enter(key: string, reader: FeedReader): FeedAudience {
    this.#unwatch ??= this.#jobChanges.watchAll({
      changed: (customer_id, job_id) => {
        this.#audiences.get(customer_id)?.change(job_id);
        this.#audiences.get("")?.change(job_id);
      },
      grew: () => this.#look(),
      opened: () => {
        for (const audience of this.#audiences.values()) audience.change(undefined);
      },
    });
    let audience = this.#audiences.get(key);
    if (!audience) {
      audience = new FeedAudience(this.#waves, () =>
        Math.max(FEED_CHANGES_MS, this.#readers * FEED_READER_MS),
      );
      this.#audiences.set(key, audience);
      this.#newcomers.add(audience);
    }
    audience.readers.add(reader);
    this.#readers += 1;
    return audience;
  }

  #leave(key: string, audience: FeedAudience, reader: FeedReader): void {
    if (audience.readers.delete(reader)) this.#readers -= 1;
    if (audience.readers.size > 0 || this.#audiences.get(key) !== audience) return;
    audience.close();
    this.#audiences.delete(key);
    this.#newcomers.delete(audience);
    if (this.#audiences.size > 0) return;
    this.#unwatch?.();
    this.#unwatch = undefined;
    this.#seenSeq = undefined;
  }

  /** One look at a time. What is asked for meanwhile is one look after it. */
  #look(): void {
    this.#mustLook = true;
    if (!this.#isLooking) void this.#lookWhileAsked();
  }

  async #lookWhileAsked(): Promise<void> {
    this.#isLooking = true;
    while (this.#mustLook) {
      this.#mustLook = false;
      await this.#callThoseWithNews();
    }
    this.#isLooking = false;
  }

  async #callThoseWithNews(): Promise<void> {
    // A newcomer may have read before a commit that this query sees, and entered after it was asked.
    const newcomers = new Set<FeedAudience>();
    this.#newcomers = newcomers;
    const customers = [...this.#audiences.keys()].filter((key) => key !== "");
    const before = this.#seenSeq;
    // Without an answer, each reader looks by itself a little later.
    const grown = await this.#grownSince(before, customers).catch(() => undefined);
    if (!grown) return;
    this.#seenSeq = grown.end.seq;
    for (const [key, audience] of this.#audiences) {
      const hasNews =
        before === undefined || (key === "" ? grown.end.seq > before : grown.customers.has(key));
      if (hasNews || newcomers.has(audience)) audience.grew();
    }
  }

  /** At first all may have news. */
  async #grownSince(
    before: number | undefined,
    customers: readonly string[],
  ): Promise<{ end: FeedPosition; customers: ReadonlySet<string> }> {
    if (before !== undefined) return await this.#feed.grownSince(before, customers);
    return { end: await this.#feed.end(), customers: new Set() };
  }
}
