import { RATE_SHARE_TIMEOUT_MS } from "../../core/model/limits.ts";
import type { RateShare, Spent } from "../../core/model/rate-share.ts";
import { RedisConnection } from "./redis-connection.ts";

/**
 * Of each bucket there is one number: when it is full again, by the clock of Redis. A key lives a second longer
 * than that. Whatever else stands there counts as a full bucket.
 */
const EXCHANGE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local most = tonumber(ARGV[1])
local debts = {}
for n, key in ipairs(KEYS) do
  local full_at = math.max(now, tonumber(redis.call('GET', key)) or 0) + tonumber(ARGV[n + 1])
  full_at = math.max(now, math.min(full_at, now + most))
  redis.call('SET', key, string.format('%.3f', full_at), 'PX', math.ceil(full_at - now) + 1000)
  debts[n] = string.format('%.3f', full_at - now)
end
return debts`;

interface RedisRateShare extends RateShare {
  close(): void;
}

/** Buckets in Redis, under `<prefix>:rate:`. One round trip for any number of them. */
export function createRedisRateShare(url: string, prefix: string): RedisRateShare {
  const connection = new RedisConnection<void>({ url, name: "iep rates", ask: () => Promise.resolve() });
  return {
    exchange: (spent, most_ms) =>
      connection.use(RATE_SHARE_TIMEOUT_MS, async (redis) => {
        const keys = spent.map(({ key }) => `${prefix}:rate:${key}`);
        const costs = spent.map(({ cost_ms }: Spent) => String(cost_ms));
        return toNumbers(await redis.eval(EXCHANGE, keys.length, ...keys, String(most_ms), ...costs));
      }),
    close: () => connection.close(),
  };
}

function toNumbers(reply: unknown): number[] {
  if (!Array.isArray(reply)) throw new Error("Redis returned no list of what the buckets owe");
  const numbers = reply.map(Number);
  if (!numbers.every(Number.isFinite)) throw new Error("Redis returned what is no number for a bucket");
  return numbers;
}
