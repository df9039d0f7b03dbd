import { expect, test } from "vitest";
import { createTestDatabase } from "../support/database.ts";
import { percentile } from "../support/load.ts";
import { PATIENCE_MS } from "../support/patience.ts";
import { redisNamespace } from "../support/redis.ts";
import {
  expectCleanAudit,
  postCustomer,
  postJobType,
  startApi,
  startRunner,
  submitAll,
  type Environment,
} from "../support/stack.ts";
import { connect } from "../support/sql.ts";
import { waitFor } from "../support/wait-for.ts";

const OTHERS = 20;
const SLOTS = 8;
const FUNDS_CENTS = 1_000_000_000;

/** One after the other, the others would wait for the whole flood: 5 s, and 10 s. */
const FLOODS = [
  { jobs: 8_000, duration_ms: 5, median_max_ms: 2_000 },
  { jobs: 200, duration_ms: 400, median_max_ms: 4_400 },
];
const CASES = FLOODS.flatMap((flood) => [
  { ...flood, queue: "Redis" },
  { ...flood, queue: "PostgreSQL alone" },
]);

test.each(CASES)(
  "a customer floods the queue on $queue with $jobs jobs of $duration_ms ms: 20 others with a job each start soon",
  async ({ queue, jobs, duration_ms, median_max_ms }) => {
    const { url } = await createTestDatabase();
    const environment: Environment = { DATABASE_URL: url, RUNNER_CONCURRENCY: String(SLOTS) };
    if (queue === "Redis") {
      const namespace = redisNamespace();
      Object.assign(environment, { REDIS_URL: namespace.url, QUEUE_KEY_PREFIX: namespace.prefix });
    }
    const { request } = await startApi(environment);
    const job_type_id = await postJobType(request, {
      processing_logic_id: "simulate",
      standard_cost_cents: 1,
    });
    await startRunner(environment);
    const database = await connect(url);

    const flooder = await postCustomer(request, "Somebody", FUNDS_CENTS);
    const others = await Promise.all(
      Array.from({ length: OTHERS }, () => postCustomer(request, "Somebody", FUNDS_CENTS)),
    );
    await submitAll(
      request,
      Array.from({ length: jobs }, () => ({
        customer_id: flooder,
        job_type_id,
        input_data: { duration_ms },
      })),
    );
    await submitAll(
      request,
      others.map((customer_id) => ({ customer_id, job_type_id, input_data: { duration_ms } })),
    );
    const waits = await waitFor(
      async () => {
        const { rows } = await database.query<{ ms: number }>(
          "SELECT extract(epoch FROM started_at - created_at)::float8 * 1000 AS ms FROM jobs WHERE customer_id = ANY ($1) AND started_at IS NOT NULL",
          [others],
        );
        return rows.length === OTHERS && rows.map(({ ms }) => ms);
      },
      { describe: "the others' jobs to start", timeoutMs: PATIENCE_MS },
    );
    const { rows } = await database.query<{ waiting: number }>(
      "SELECT count(*)::int AS waiting FROM jobs WHERE customer_id = $1 AND status = 'pending'",
      [flooder],
    );
    console.log(
      `flood of ${jobs} jobs of ${duration_ms} ms: 20 others start after p50 ${percentile(waits, 0.5).toFixed(0)} ms (at most ${median_max_ms}), max ${Math.max(...waits).toFixed(0)} ms; ${rows[0]?.waiting} of the flood still wait`,
    );
    expect(percentile(waits, 0.5)).toBeLessThanOrEqual(median_max_ms);
    // They went before the flood, or this would say nothing.
    expect(rows[0]?.waiting).toBeGreaterThan(jobs / 4);
    await expectCleanAudit(environment);
  },
  120_000,
);
