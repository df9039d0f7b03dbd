import { expect, test } from "vitest";
import { JOB_BATCH_MAX, READY_WINDOW } from "../../src/core/model/limits.ts";
import type { OpenPlatform } from "../../src/bin/open-platform.ts";
import { submitJobs } from "../../src/core/use-cases/submit-jobs.ts";
import { REFILL_BATCH } from "../../src/queue/refill-lists.ts";
import { percentile, startConsumer, type Consumer } from "../support/load.ts";
import { redisNamespace } from "../support/redis.ts";
import { createCustomer, createJobType, createTestPlatform } from "../support/test-platform.ts";
import { startRefill } from "../support/upkeep.ts";
import { waitFor } from "../support/wait-for.ts";

const OTHERS = 20;
const FLOOD = 20_000;
const SLOTS = 100;
/** Slow enough that the flood outlasts the test. */
const WORK_MS = 25;

test("a customer floods 20,000 jobs: 20 others wait for the window of the ready queue, and for no more", async () => {
  const redis = redisNamespace();
  const { platform: api, databaseUrl } = await createTestPlatform({ redis });
  const { platform: runner } = await createTestPlatform({ redis, databaseUrl });
  const job_type_id = await createJobType(api);
  const flooder = await createCustomer(api, 1_000_000_000);
  const others = await Promise.all(Array.from({ length: OTHERS }, () => createCustomer(api)));
  startRefill(runner);
  const consumer = await startConsumer(runner, { slots: SLOTS, work_ms: WORK_MS });

  const calm_ms = await waitsOf(api, consumer, others, job_type_id);
  for (let n = 0; n < FLOOD; n += 1_000) await submit(api, Array(1_000).fill(flooder), job_type_id);
  const queued = (await api.readyQueue.lengths())?.[1] ?? 0;
  const started_at = performance.now();
  const before = consumer.done_at.size;
  const flooded_ms = await waitsOf(api, consumer, others, job_type_id);
  const ahead = consumer.done_at.size - before - OTHERS;
  const window = queued + REFILL_BATCH;
  const window_ms = (window * (performance.now() - started_at)) / ahead;

  const [calm, flooded] = [percentile(calm_ms, 0.99), percentile(flooded_ms, 0.99)];
  console.log(
    `flood of ${FLOOD}: others' p99 wait ${flooded.toFixed(0)} ms, ${calm.toFixed(0)} ms without it, ${window_ms.toFixed(0)} ms for a window of ${window}; ${ahead} of the flood went before (all would be ${FLOOD})`,
  );
  // One batch of submissions and one of refill may both find the last room.
  expect(queued).toBeLessThanOrEqual(READY_WINDOW + JOB_BATCH_MAX + REFILL_BATCH);
  // Batches of the runner are under way when the others come, and when the last of them is claimed.
  expect(ahead).toBeLessThanOrEqual(window + 4 * SLOTS);
  expect(flooded).toBeLessThanOrEqual(2 * calm + 1.05 * window_ms);
}, 60_000);

/** Each submits one job; how long each waited until it was done. */
async function waitsOf(
  platform: OpenPlatform,
  consumer: Consumer,
  customers: readonly string[],
  job_type_id: string,
): Promise<number[]> {
  const submitted_at = performance.now();
  const ids = await submit(platform, customers, job_type_id);
  await waitFor(() => ids.every((id) => consumer.done_at.has(id)), {
    describe: "the others' jobs",
    timeoutMs: 30_000,
  });
  return ids.map((id) => (consumer.done_at.get(id) ?? Infinity) - submitted_at);
}

/** One job for each customer named. */
async function submit(
  platform: OpenPlatform,
  customers: readonly string[],
  job_type_id: string,
): Promise<string[]> {
  const submitted = await submitJobs(
    platform,
    customers.map((customer_id) => ({ customer_id, job_type_id, input_data: 0 })),
  );
  return submitted.map((one) => {
    if ("refused" in one) throw one.refused;
    return one.job.id;
  });
}
