import { expect, test } from "vitest";
import { submitJobs } from "../../src/core/use-cases/submit-jobs.ts";
import { percentile, startConsumer } from "../support/load.ts";
import { PATIENCE_MS } from "../support/patience.ts";
import { startReceiver } from "../support/receiver.ts";
import { runSql } from "../support/sql.ts";
import {
  brokenPromises,
  createCustomer,
  createJobType,
  createTestPlatform,
  type TestPlatform,
} from "../support/test-platform.ts";
import { waitFor } from "../support/wait-for.ts";
import { createEndpoint, startSending } from "../support/webhooks.ts";

const JOBS = 10_000;
const ROUNDS = 5;
const EVENTS = 5_000;
/**
 * A machine on which 50,000 jobs a second are drained sends 1,000 deliveries a second beside them, and a slower
 * one as many less.
 */
const DRAINED_PER_DELIVERY = 50;

/** Submits jobs of a customer, all at once. */
async function submit({ platform }: TestPlatform, customer_id: string, count: number): Promise<void> {
  const job_type_id = await createJobType(platform, { standard_cost_cents: 1 });
  for (let n = 0; n < count; n += 1_000)
    await submitJobs(
      platform,
      Array.from({ length: Math.min(1_000, count - n) }, () => ({
        customer_id,
        job_type_id,
        priority: 1 as const,
        input_data: null,
      })),
    );
}

/** Jobs a second, from the first claim to the last settle. */
async function drain(stack: TestPlatform, count: number): Promise<number> {
  const started_at = performance.now();
  const consumer = await startConsumer(stack.platform, { slots: 500 });
  await waitFor(() => consumer.done_at.size >= count, { timeoutMs: PATIENCE_MS });
  const rate = (count * 1_000) / (performance.now() - started_at);
  await consumer.stop();
  return rate;
}

test("a drain is as fast when others have endpoints, and hardly slower with one of its own", async () => {
  const stack = await createTestPlatform();
  const customer_id = await createCustomer(stack.platform);
  const elsewhere = await createCustomer(stack.platform);
  const url = "https://shop.example/webhooks";
  const rates = { none: [] as number[], elsewhere: [] as number[], own: [] as number[] };
  const round = async (): Promise<number> => {
    await submit(stack, customer_id, JOBS);
    return await drain(stack, JOBS);
  };
  await round();
  for (let n = 0; n < ROUNDS; n += 1) {
    await runSql(
      stack.databaseUrl,
      "TRUNCATE webhook_endpoints, webhook_secrets, webhook_batches, webhook_deliveries",
    );
    rates.none.push(await round());
    await createEndpoint(stack.platform, url, ["job.finished"], elsewhere);
    rates.elsewhere.push(await round());
    await createEndpoint(stack.platform, url, ["job.finished"], customer_id);
    rates.own.push(await round());
  }
  const [none, others, own] = [rates.none, rates.elsewhere, rates.own].map((all) => percentile(all, 0.5));
  console.log(
    `jobs a second: ${none?.toFixed(0)} without endpoints; ${others?.toFixed(0)} when another customer has one; ${own?.toFixed(0)} with an event for each job`,
  );
  expect((others ?? 0) / (none ?? 1)).toBeGreaterThanOrEqual(0.9);
  expect((own ?? 0) / (none ?? 1)).toBeGreaterThanOrEqual(0.8);
  expect(await brokenPromises(stack.platform)).toEqual([]);
}, 300_000);

test("deliveries keep up beside a drain", async () => {
  const stack = await createTestPlatform({ webhookAllowPrivate: true });
  const [told, other] = [await createCustomer(stack.platform), await createCustomer(stack.platform)];
  const receiver = await startReceiver();
  await createEndpoint(stack.platform, receiver.url, ["job.finished"], told);
  await submit(stack, told, EVENTS);
  await drain(stack, EVENTS);
  await submit(stack, other, JOBS);
  const alone = await drain(stack, JOBS);
  await submit(stack, other, 4 * JOBS);
  startSending(stack.platform);
  const started_at = performance.now();
  const consumer = await startConsumer(stack.platform, { slots: 500 });
  await waitFor(() => receiver.received.length >= EVENTS, { timeoutMs: PATIENCE_MS });
  const rate = (EVENTS * 1_000) / (performance.now() - started_at);
  const drained = consumer.done_at.size;
  console.log(
    `${rate.toFixed(0)} deliveries a second, while ${drained} jobs were drained beside them; alone ${alone.toFixed(0)} jobs a second`,
  );
  expect(rate).toBeGreaterThanOrEqual(alone / DRAINED_PER_DELIVERY);
  expect(new Set(receiver.received.map(({ headers }) => headers["webhook-id"])).size).toBe(EVENTS);
});
