import { Readable } from "node:stream";
import type { FastifyReply, FastifyRequest } from "fastify";
import { PlatformError } from "../../core/lib/errors.ts";
import { STREAM_MAX_MS, STREAMS_MAX, STREAMS_PER_CUSTOMER_MAX } from "../../core/model/limits.ts";
import { actorOf, ownerOf } from "./auth.ts";
import { onHangUp } from "./on-hang-up.ts";

export const STREAM_TYPE = "text/event-stream";

/** How long a browser waits before it connects again. */
const RETRY = "retry: 2000\n\n";
/** A comment, which keeps the connection open. */
export const HEARTBEAT = ": still here\n\n";
const STOPS = ": this server stops: connect again\n\n";

/** The text of the events, as they come. */
type Follow = (signal: AbortSignal) => AsyncGenerator<string>;

interface Bounds {
  /** How long a stream is open. */
  readonly max_ms: number;
  readonly perOwnerMax: number;
}

const BOUNDS: Bounds = { max_ms: STREAM_MAX_MS, perOwnerMax: STREAMS_PER_CUSTOMER_MAX };

/**
 * Open streams of events (`text/event-stream`), so many at a time. A stream reads its next events when the
 * connection has taken the last ones. One that takes nothing is ended by the time-out of silent connections.
 * Each ends after a while, so that its reader connects again and shows that its key is still valid.
 */
export class EventStreams {
  readonly #bounds: Bounds;
  readonly #byOwner = new Map<string, number>();
  readonly #open = new Set<AbortController>();
  #stopping = false;

  /** Tests have other bounds. */
  constructor(bounds: Partial<Bounds> = {}) {
    this.#bounds = { ...BOUNDS, ...bounds };
  }

  /** Throws `rate_limited` when too many are open. */
  open(request: FastifyRequest, reply: FastifyReply, follow: Follow): Readable {
    const owner = ownerOf(request) ?? actorOf(request);
    const own = this.#byOwner.get(owner) ?? 0;
    const { max_ms, perOwnerMax } = this.#bounds;
    if (own >= perOwnerMax || this.#open.size >= STREAMS_MAX)
      throw new PlatformError(
        "rate_limited",
        `Only ${perOwnerMax} streams of a key, and ${STREAMS_MAX} in all, are open at a time. Close one first.`,
      );
    const stop = new AbortController();
    this.#byOwner.set(owner, own + 1);
    this.#open.add(stop);
    const timer = setTimeout(() => stop.abort(), max_ms);
    onHangUp(request, reply, () => {
      clearTimeout(timer);
      stop.abort();
      this.#open.delete(stop);
      const left = (this.#byOwner.get(owner) ?? 1) - 1;
      if (left > 0) this.#byOwner.set(owner, left);
      else this.#byOwner.delete(owner);
    });
    return Readable.from(this.#write(follow(stop.signal)));
  }

  /** Ends all streams: their readers connect again, to another server. */
  endAll(): void {
    this.#stopping = true;
    for (const stop of this.#open) stop.abort();
  }

  async *#write(texts: AsyncGenerator<string>): AsyncGenerator<string> {
    yield RETRY;
    yield* texts;
    if (this.#stopping) yield STOPS;
  }
}
