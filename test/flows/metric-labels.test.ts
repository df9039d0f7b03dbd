import { expect, test } from "vitest";
import { meterRequests } from "../../src/metrics/request-metrics.ts";
import { createMetrics } from "../../src/metrics/metrics.ts";
import { meterRunner } from "../../src/metrics/runner-metrics.ts";
import { meterSubmissions, watchSubmissions } from "../../src/metrics/submit-metrics.ts";
import { watchDatabase } from "../../src/metrics/database-metrics.ts";
import { createApi } from "../../src/api/server.ts";
import { openPlatform } from "../../src/bin/open-platform.ts";
import { PROCESSOR_LABELS_MAX } from "../../src/core/model/limits.ts";
import { submitJobs } from "../../src/core/use-cases/submit-jobs.ts";
import { createHeartbeat } from "../../src/postgres/signals/heartbeat.ts";
import { defineProcessor } from "../../src/processors/sdk/define-processor.ts";
import { Runner } from "../../src/runner/runner.ts";
import { pino } from "pino";
import { atTheEnd } from "../support/cleanup.ts";
import { createTestDatabase } from "../support/database.ts";
import { createCustomer, createJobType } from "../support/test-platform.ts";
import { waitFor } from "../support/wait-for.ts";

// Prometheus keeps each set of label values for ever. None may grow with what customers do.

/** Every label of a metric of ours, and what bounds its values. Another one needs a reason here. */
const BOUNDED_BY = {
  code: "ERRORS",
  currency: "ISO 4217",
  figures: "the two reads",
  le: "the buckets",
  method: "the routes",
  operation: "the three batches",
  outcome: "the outcomes",
  place: "the four places",
  pool: "the pools",
  priority: "three",
  processor: "the files of the runner, and PROCESSOR_LABELS_MAX",
  route: "the routes",
  state: "words of the code",
  status: "the classes of statuses",
  task: "the tasks of upkeep",
  version: "one",
};

const silent = pino({ level: "silent" });
const PROCESSOR_COUNT = PROCESSOR_LABELS_MAX + 20;
const KEY = "the admin key of the tests";

/** A stack whose metrics can be read, with more processors than have labels. */
async function startMeasured() {
  const metrics = createMetrics();
  const { url: DATABASE_URL } = await createTestDatabase();
  const settings = { DATABASE_URL, QUEUE_KEY_PREFIX: "jobs", DATABASE_POOL_SIZE: 6 };
  const platform = openPlatform(settings, "test", silent, meterSubmissions(metrics));
  atTheEnd(() => platform.close());
  watchSubmissions(metrics, platform.submissions);
  watchDatabase(metrics, platform.gauges);
  const meter = meterRequests(metrics);
  const api = await createApi({ platform, adminApiKey: KEY, log: false, metrics: { page: metrics, meter } });
  atTheEnd(() => api.close());
  const processors = Array.from({ length: PROCESSOR_COUNT }, (_, n) =>
    defineProcessor({ id: `processor.${n}`, run: (input) => input }),
  );
  const measured = meterRunner(
    metrics,
    processors.map(({ id }) => id),
    platform.gauges,
  );
  const runner = new Runner({
    platform,
    processors: new Map(processors.map((one) => [one.id, one])),
    concurrency: 16,
    heartbeat: createHeartbeat(DATABASE_URL),
    version: "test",
    log: silent,
    meter: measured.meter,
  });
  runner.start();
  atTheEnd(() => runner.stop(0));
  return { metrics, platform, api, measured };
}

type Measured = Awaited<ReturnType<typeof startMeasured>>;

/** New customers submit jobs of new types, and ask for ids and paths that nobody asked for before. */
async function play({ platform, api, measured }: Measured, count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) {
    const customer_id = await createCustomer(platform, 100);
    const poor = await createCustomer(platform, 0);
    const processing_logic_id =
      n % 2 === 0 ? `processor.${n % PROCESSOR_COUNT}` : `nowhere.${n}.${customer_id}`;
    const job_type_id = await createJobType(platform, { processing_logic_id, max_attempts: 1 });
    const submitted = await submitJobs(platform, [
      { customer_id, job_type_id, input_data: n },
      { customer_id: poor, job_type_id, input_data: n },
      { customer_id, job_type_id: customer_id, input_data: n },
    ]);
    expect(submitted.map((one) => "job" in one)).toEqual([true, false, false]);
    const headers = { authorization: `Bearer ${KEY}` };
    for (const url of [
      `/customers/${customer_id}`,
      `/jobs/${customer_id}`,
      `/${customer_id}/x?${customer_id}`,
    ])
      await api.inject({ url, headers });
    await api.inject({ method: "PURGE" as "GET", url: `/jobs/${customer_id}`, headers });
  }
  await waitFor(async () => (await platform.gauges.queue()).running === 0, { describe: "no job to run" });
  await measured.measureWaits();
}

/** Each series without its value. */
async function seriesOf({ metrics }: Measured): Promise<Set<string>> {
  const lines = (await metrics.read()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Set(lines.map((line) => line.slice(0, line.lastIndexOf(" "))));
}

test("no label has a value that grows with customers, job types, jobs, or what somebody sends", async () => {
  const measured = await startMeasured();
  await play(measured, 4);
  const before = await seriesOf(measured);
  await play(measured, 12);
  const after = await seriesOf(measured);
  expect([...after].filter((series) => !before.has(series))).toEqual([]);
  expect([...after].filter((series) => /[0-9a-f]{8}-[0-9a-f]{4}-/.test(series))).toEqual([]);

  const labels = new Set(
    [...after].flatMap((one) => [...one.matchAll(/(\w+)="/g)].map(([, label]) => label)),
  );
  expect([...labels].filter((label) => !Object.hasOwn(BOUNDED_BY, label ?? ""))).toEqual([]);
  const processors = [...after].filter((one) => one.startsWith("iep_job_run_seconds_count"));
  expect(processors).toHaveLength(PROCESSOR_LABELS_MAX + 1);
  expect(processors).toContain('iep_job_run_seconds_count{processor="other"}');
});
