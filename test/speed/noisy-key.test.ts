import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { atTheEnd } from "../support/cleanup.ts";
import { createTestDatabase } from "../support/database.ts";
import type { Request } from "../support/http-client.ts";
import { percentile } from "../support/load.ts";
import { redisNamespace } from "../support/redis.ts";
import { postCustomer, postJobType, startApi } from "../support/stack.ts";

// One key that floods costs others' p99 less than half as much again, where its rate is a small part of what the
// machine can do. The API and the
// flood are processes of their own. Rounds with and without it take turns, so that a busy machine slows both.

const KEY_REQUESTS_PER_SECOND = "50";
const CONNECTIONS = 64;
const ROUNDS = 5;
const SAMPLES = 200;
const P99_RATIO_MAX = 1.5;

let origin: string;
let job_type_id: string;
let loud: string;
let quiet: Request;
let quiet_id: string;

beforeAll(async () => {
  const { url: REDIS_URL, prefix: QUEUE_KEY_PREFIX } = redisNamespace();
  const started = await startApi({
    DATABASE_URL: (await createTestDatabase()).url,
    REDIS_URL,
    QUEUE_KEY_PREFIX,
    KEY_REQUESTS_PER_SECOND,
  });
  origin = started.url;
  job_type_id = await postJobType(started.request, { processing_logic_id: "echo", standard_cost_cents: 0 });
  const id = await postCustomer(started.request, "loud", 1_000);
  const { body } = await started.request<{ api_key: string }>("POST", `/customers/${id}/api-keys`, {});
  loud = body.api_key;
  // With the admin key, which has no rate of its own: what is measured is how long one waits.
  quiet = started.request;
  quiet_id = await postCustomer(started.request, "quiet", 1_000);
  await submissions(SAMPLES);
});

test("others' p99 beside a key that floods, in the middle of the rounds", async () => {
  const ratios: number[] = [];
  const answered: Record<string, number> = {};
  for (let round = 0; round < ROUNDS; round += 1) {
    const alone = await submissions(SAMPLES);
    const stop = await startFlood();
    const beside = await submissions(SAMPLES);
    for (const [status, count] of Object.entries(await stop()))
      answered[status] = (answered[status] ?? 0) + count;
    const [before, after] = [percentile(alone, 0.99), percentile(beside, 0.99)];
    ratios.push(after / before);
    console.log(
      `p99 ${before.toFixed(1)} ms alone, ${after.toFixed(1)} ms beside ${CONNECTIONS} connections of one key`,
      `(p50 ${percentile(alone, 0.5).toFixed(1)} and ${percentile(beside, 0.5).toFixed(1)} ms)`,
    );
  }
  console.log(`times ${ratios.map((ratio) => ratio.toFixed(2)).join(", ")}`, answered);
  expect(answered["429"]).toBeGreaterThan(100);
  expect(percentile(ratios, 0.5)).toBeLessThan(P99_RATIO_MAX);
});

/**
 * Resolves when it has used up what the key had saved. Returns how to end it, which returns how many requests were
 * answered with which status.
 */
async function startFlood(): Promise<() => Promise<Record<string, number>>> {
  const script = fileURLToPath(new URL("flood.mjs", import.meta.url));
  const child = spawn(process.execPath, [script, origin, loud, String(CONNECTIONS), job_type_id], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  atTheEnd(async () => void child.kill());
  const lines = createInterface(child.stdout);
  await once(lines, "line");
  return async () => {
    const told = once(lines, "line");
    child.stdin.end();
    const [line] = await told;
    return JSON.parse(String(line)) as Record<string, number>;
  };
}

/** How long the quiet customer waits for each of these submissions, one after the other. */
async function submissions(count: number): Promise<number[]> {
  const waits: number[] = [];
  for (let n = 0; n < count; n += 1) {
    const began_at = performance.now();
    const { status } = await quiet("POST", "/jobs", { customer_id: quiet_id, job_type_id, input_data: n });
    expect(status).toBe(201);
    waits.push(performance.now() - began_at);
  }
  return waits;
}
