import { withRetry } from "../core/lib/with-retry.ts";
import type { RedisLists } from "./redis/redis-lists.ts";

/** What is noted lasts a minute, so that a few lost renewals do not matter. */
const RENEW_MS = 10_000;
/** A process that starts waits as long for its database. */
const DATABASE_FOR_MS = 30_000;

interface Parts {
  readonly prefix: string;
  readonly platformId: () => Promise<string>;
  readonly say: (level: "warn", line: string) => void;
}

/**
 * Notices two platforms on one prefix. Nothing breaks then, because ids are hints, but each pops and drops
 * what the other pushed, and jobs start seconds late.
 */
export interface Ownership {
  /** Notes that the lists are ours, and says once who else thinks so. Never rejects. Looks every 10 s. */
  renew(): Promise<void>;
  /** Returns the sentence that says who else uses the lists. */
  findRival(): Promise<string | undefined>;
}

export function createOwnership(lists: RedisLists, { prefix, platformId, say }: Parts): Ownership {
  let renewed_at = -Infinity;
  let id: string | undefined;
  let said: string | undefined;

  const describe = (mine: string, other: string): string =>
    `Two platforms use the Redis lists ${prefix}:p*: that of ${mine} and that of ${other}. Jobs start late. ` +
    "Give one of them another QUEUE_KEY_PREFIX, or a Redis of its own.";

  return {
    async renew() {
      const now = performance.now();
      if (now - renewed_at < RENEW_MS) return;
      renewed_at = now;
      try {
        id ??= await withRetry(platformId, { for_ms: DATABASE_FOR_MS });
        const other = await lists.own(id);
        if (other !== undefined && other !== said) say("warn", describe(id, other));
        said = other;
      } catch {
        // The server is away, which others notice and say.
      }
    },
    async findRival() {
      id ??= await platformId();
      const other = await lists.findRival(id);
      return other === undefined ? undefined : describe(id, other);
    },
  };
}
