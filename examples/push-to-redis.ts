import { Redis } from "ioredis";

// A foreign producer: pushes the ids of pending jobs to a ready list, as the specification says (`LPUSH
// jobs:p<priority>:pending <id>`). Any program that knows Redis can do this; here it moves jobs ahead of others.
//
//   REDIS_URL=redis://127.0.0.1:6379 node --import tsx examples/push-to-redis.ts 0 <job-id> <job-id>
//
// An id is only a hint. A runner claims the job in PostgreSQL before it runs it, so an id that was pushed twice, that
// is unknown, or whose job has ended does nothing. The list decides when a job is claimed, and the job's own priority
// stays what it was.

const { REDIS_URL = "redis://127.0.0.1:6379", QUEUE_KEY_PREFIX = "jobs" } = process.env;
const [priority = "", ...ids] = process.argv.slice(2);
if (!/^[012]$/.test(priority) || ids.length === 0)
  throw new Error("Name a priority (0 high, 1 medium, 2 low) and job ids.");

const redis = new Redis(REDIS_URL);
try {
  // Runners take from the right: the first id is taken first.
  const length = await redis.lpush(`${QUEUE_KEY_PREFIX}:p${priority}:pending`, ...ids);
  console.log(`pushed ${ids.length}; the list has ${length}`);
} finally {
  redis.disconnect();
}
