import { v7 as uuidv7 } from "uuid";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { connect } from "../../../test/support/sql.ts";
import {
  brokenPromises,
  createCustomer,
  createJobType,
  createRunner,
  createTestPlatform,
} from "../../../test/support/test-platform.ts";
import type { OpenPlatform } from "../../bin/open-platform.ts";
import type { NewJob, Submitted } from "../../core/model/job.ts";
import { submitJobs } from "../../core/use-cases/submit-jobs.ts";

// Over its waiting_limit a customer's jobs are refused, whatever they come in: a job alone, a batch that fits, a
// batch that does not, two at once.

let platform: OpenPlatform;
let databaseUrl: string;
let customer_id: string;
let other: string;
let job_type_id: string;

beforeAll(async () => {
  ({ platform, databaseUrl } = await createTestPlatform());
  job_type_id = await createJobType(platform, { standard_cost_cents: 1 });
});
beforeEach(async () => {
  [customer_id, other] = await Promise.all([createCustomer(platform), createCustomer(platform)]);
  await platform.customers.update(customer_id, { waiting_limit: 5 });
});
afterEach(async () => {
  const broken = await brokenPromises(platform);
  if (broken.length > 0) throw new Error(`broken promises: ${broken.join(", ")}`);
});

const job = (owner = customer_id, more: Partial<NewJob> = {}): NewJob => ({
  id: uuidv7(),
  customer_id: owner,
  job_type_id,
  priority: 1,
  input_data: {},
  ...more,
});
const jobs = (count: number, owner?: string) => Array.from({ length: count }, () => job(owner));
const NO_ROOM = { 0: false, 1: false, 2: false } as const;
const submit = (batch: readonly NewJob[]) => platform.jobs.submit(batch, NO_ROOM);
const outcomes = (results: readonly Submitted[]) =>
  results.map((one) => ("refused" in one ? one.refused.code : "stored"));
const held = async (owner = customer_id) =>
  (await platform.wallets.findByCustomerId(owner))?.pending_charges_cents;

test("a batch is stored up to the limit, in order, and the refusal has the figures", async () => {
  const results = await submit([...jobs(3), ...jobs(2, other), ...jobs(4)]);
  expect(outcomes(results)).toEqual([...Array(7).fill("stored"), "queue_full", "queue_full"]);
  const [refused] = results.flatMap((one) => ("refused" in one ? [one.refused] : []));
  expect(refused).toMatchObject({
    status: 429,
    retryable: true,
    retry_after_seconds: 5,
    members: { waiting_jobs: 5, waiting_limit: 5 },
  });
  expect([await held(), await held(other)]).toEqual([5, 2]);
});

test("beside a customer with a limit, nothing of one without is counted", async () => {
  const client = await connect(databaseUrl);
  const { rows } = await client.query<{ text: string }>(
    "SELECT pg_get_functiondef('count_waiting_jobs'::regproc) AS text",
  );
  const [{ text } = { text: "" }] = rows;
  await client.query(
    text.replace("BEGIN", "BEGIN\n  ASSERT p_most IS NOT NULL, 'the whole backlog would be counted';"),
  );
  try {
    expect(outcomes(await submit([...jobs(2), ...jobs(2, other)]))).toEqual(Array(4).fill("stored"));
  } finally {
    await client.query(text);
    await client.end();
  }
});

test("one by one as well, and each that starts or ends makes room", async () => {
  const all = jobs(5);
  for (const one of all) expect(outcomes(await submit([one]))).toEqual(["stored"]);
  expect(outcomes(await submit([job()]))).toEqual(["queue_full"]);
  const runner_id = await createRunner(platform);
  const claimed = await platform.jobs.claim({ runner_id, ids: all.slice(0, 2).map(({ id }) => id) });
  expect(claimed).toHaveLength(2);
  expect(outcomes(await submit(jobs(3)))).toEqual(["stored", "stored", "queue_full"]);
  await platform.jobs.cancel(all[2]?.id ?? "");
  expect(outcomes(await submit(jobs(2)))).toEqual(["stored", "queue_full"]);
  await platform.jobs.settle(
    claimed.map(({ id, attempt }) => ({ id, attempt, kind: "succeeded", output: null })),
    [...new Set(claimed.map(({ lease_id }) => lease_id))],
  );
});

test("a batch that fits is stored as a whole, and one that just does not is not", async () => {
  expect(outcomes(await submit(jobs(5)))).toEqual(Array(5).fill("stored"));
  expect(outcomes(await submit(jobs(1)))).toEqual(["queue_full"]);
});

test("what waits for a later time, for a paused type or to run alone counts as well", async () => {
  const later = new Date(Date.now() + 3_600_000).toISOString();
  expect(
    outcomes(await submit([job(customer_id, { run_at: later }), job(customer_id, { run_at: later })])),
  ).toEqual(["stored", "stored"]);
  const paused = await createJobType(platform, { standard_cost_cents: 1 });
  await platform.jobTypes.setPaused(paused, true);
  const parkedJob = job(customer_id, { job_type_id: paused });
  await submit([parkedJob]);
  const runner_id = await createRunner(platform);
  const client = await connect(databaseUrl);
  // A claim that meets it parks it.
  await platform.jobs.claim({ runner_id, ids: [parkedJob.id] });
  const parked = await client.query("SELECT FROM job_parked WHERE customer_id = $1", [customer_id]);
  expect(parked.rowCount).toBe(1);
  const alone = job();
  await submit([alone]);
  await client.query("DELETE FROM job_queue WHERE job_id = $1", [alone.id]);
  await client.query(
    "INSERT INTO job_alone (job_id, priority, customer_id, job_type_id, lost_runners) VALUES ($1, 1, $2, $3, 2)",
    [alone.id, customer_id, job_type_id],
  );
  expect(outcomes(await submit(jobs(2)))).toEqual(["stored", "queue_full"]);
});

describe("at the same time", () => {
  test.each([1, 3])("batches of %d never go above the limit", async (size) => {
    await platform.customers.update(customer_id, { waiting_limit: 20 });
    const rounds = await Promise.all(Array.from({ length: 30 }, () => submit(jobs(size))));
    const stored = rounds.flatMap(outcomes).filter((one) => one === "stored");
    expect(stored).toHaveLength(20);
    expect(await held()).toBe(20);
  });

  test("who submits waits for who has the wallet, and then sees what that one stored", async () => {
    await platform.customers.update(customer_id, { waiting_limit: 1 });
    const client = await connect(databaseUrl);
    await client.query("BEGIN");
    const first = uuidv7();
    await client.query(
      "SELECT FROM submit_jobs(ARRAY[$1::uuid], ARRAY[$2::uuid], ARRAY[$3::uuid], '{1}', '{\"{}\"}', NULL, NULL, NULL, '{f,f,f}')",
      [first, customer_id, job_type_id],
    );
    const second = submit([job()]);
    const batch = submit(jobs(2));
    await client.query("COMMIT");
    expect(outcomes(await second)).toEqual(["queue_full"]);
    expect(outcomes(await batch)).toEqual(["queue_full", "queue_full"]);
  });
});

test("a repeated call whose first reply was lost finds its jobs, though the limit is reached", async () => {
  const batch = jobs(5);
  await submit(batch);
  expect(outcomes(await submit(batch))).toEqual(Array(5).fill("stored"));
  expect(await held()).toBe(5);
});

test("a refused submission is not remembered under its key, and can be sent again", async () => {
  const key = { id: uuidv7(), request_hash: uuidv7(), item: 0 };
  await submit(jobs(5));
  const request = { customer_id, job_type_id, input_data: {}, key };
  expect(outcomes(await submitJobs(platform, [request]))).toEqual(["queue_full"]);
  await platform.customers.update(customer_id, { waiting_limit: null });
  expect(outcomes(await submitJobs(platform, [request]))).toEqual(["stored"]);
});

test("new customers have the limits of the settings", async () => {
  const limits = { CUSTOMER_WAITING_LIMIT: 7, CUSTOMER_RUNNING_LIMIT: 3 };
  const { platform: limited } = await createTestPlatform({ databaseUrl, limits });
  const id = await createCustomer(limited);
  expect(await limited.customers.findById(id)).toMatchObject({ waiting_limit: 7, running_limit: 3 });
  expect(await platform.customers.findById(await createCustomer(platform))).toMatchObject({
    waiting_limit: null,
    running_limit: null,
  });
});

test("the count of what waits reads the rows of one customer by an index", async () => {
  const client = await connect(databaseUrl);
  await client.query("SET enable_seqscan = off");
  for (const table of ["job_schedule", "job_parked"]) {
    const { rows } = await client.query<{ "QUERY PLAN": string }>(
      `EXPLAIN SELECT 1 FROM ${table} WHERE customer_id = '${customer_id}'`,
    );
    expect(rows.map((row) => row["QUERY PLAN"]).join("\n")).toContain(`${table}_by_customer`);
  }
});
