import { describe, expect, test } from "vitest";
import type { Job } from "../../src/core/model/job.ts";
import { createTestDatabase } from "../support/database.ts";
import { createGatedProcessor } from "../support/gated-processor.ts";
import type { Request } from "../support/http-client.ts";
import { PATIENCE_MS } from "../support/patience.ts";
import type { StartedProcess } from "../support/processes.ts";
import { redisNamespace } from "../support/redis.ts";
import { connect } from "../support/sql.ts";
import {
  allEnded,
  postCustomer,
  postJobType,
  expectCleanAudit,
  startApi,
  startRunner,
  submitAll,
  type Environment,
} from "../support/stack.ts";
import { waitFor } from "../support/wait-for.ts";

const JOBS = 50;
const PRICE_CENTS = 7;
const FUNDS_CENTS = 1_000_000;

test("a runner with 50 jobs is killed -9: all run elsewhere within 15 s and succeed, each charged once", async () => {
  const { environment, request, customer, runners, startSpare, openGate } = await createBusyStack({});
  await startSpare();
  const killed_at = Date.now();
  runners[0]?.signal("SIGKILL");

  const restarted = await waitFor(() => secondAttempts(request, customer), { timeoutMs: PATIENCE_MS });
  const delays = restarted
    .map(({ started_at }) => Date.parse(started_at ?? "") - killed_at)
    .toSorted((a, b) => a - b);
  const p99 = delays[Math.ceil(delays.length * 0.99) - 1] ?? Infinity;
  console.log(
    `killed -9 with ${JOBS} jobs: running again after p50 ${delays[JOBS >> 1]} ms, p99 ${p99} ms (at most 15000)`,
  );
  expect(p99).toBeLessThanOrEqual(15_000);
  await openGate();
  const jobs = await allEnded(request, customer);
  expectRescuedOnce(jobs);
  await expectPaid(request, customer, jobs);
  await expectCleanAudit(environment);
});

test("a runner is stopped past its lease and goes on: whatever it settles late is refused and counted", async () => {
  const lease = { RUNNER_LEASE_SECONDS: "5" };
  const { environment, request, customer, runners, startSpare, openGate } = await createBusyStack(lease);
  await startSpare();
  const [frozen] = runners;
  frozen?.signal("SIGSTOP");
  await waitFor(() => secondAttempts(request, customer), { timeoutMs: PATIENCE_MS });
  await openGate();
  const jobs = await allEnded(request, customer);

  // Heartbeats wait for this lock, so that it settles before it hears that it is dead.
  const database = await connect(environment.DATABASE_URL);
  await database.query("BEGIN; LOCK TABLE runners IN SHARE MODE");
  frozen?.signal("SIGCONT");
  await waitFor(() => refusals(frozen).length === JOBS, { describe: () => `${JOBS} refused outcomes` });
  expect(refusals(frozen)).toEqual(Array.from({ length: JOBS }, (_, n) => n + 1));
  await database.query("COMMIT");
  await frozen?.waitForLine(/declared dead: dropping what runs and registering anew/);
  expectRescuedOnce(jobs);
  await expectPaid(request, customer, jobs);
  await expectCleanAudit(environment);
});

describe("SIGTERM of all runners, again and again under load: no job lost, none failed, no attempt burned, each exits 0 in time", () => {
  test("once", () => survivesRestarts({ rounds: 1, every_ms: 1_500 }), 60_000);
  test.runIf(process.env["LONG_TESTS"] === "1")(
    "every 5 s for a minute",
    () => survivesRestarts({ rounds: 12, every_ms: 5_000 }),
    150_000,
  );
});

async function survivesRestarts({ rounds, every_ms }: { rounds: number; every_ms: number }): Promise<void> {
  const { environment, request, customer, type } = await createStack();
  let runners: StartedProcess[] = [];
  const start = () =>
    Promise.all([1, 2].map(() => startRunner({ ...environment, RUNNER_CONCURRENCY: "20" })));
  runners = await start();
  // A tenth takes longer than the grace of 8 s, so that some are given back.
  const work = Array.from({ length: rounds * 60 }, (_, n) => ({
    duration_ms: n % 60 === 0 ? 12_000 : 100 + (n % 10) * 40,
  }));
  await submitAll(
    request,
    work.map((input_data) => ({ customer_id: customer, job_type_id: type, input_data, max_attempts: 1 })),
  );
  const grace: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const next_at = performance.now() + every_ms;
    await waitFor(() => performance.now() >= next_at, {
      timeoutMs: every_ms + 1_000,
      describe: "the next round",
    });
    const asked_at = performance.now();
    for (const runner of runners) runner.signal("SIGTERM");
    const replaced = start();
    const exits = await Promise.all(runners.map((runner) => runner.exited));
    grace.push(Math.round(performance.now() - asked_at));
    expect(exits).toEqual(runners.map(() => ({ code: 0, signal: null })));
    runners = await replaced;
  }
  const jobs = await allEnded(request, customer);
  console.log(
    `SIGTERM ${rounds} times: ${jobs.length} jobs, slowest exit ${Math.max(...grace)} ms, most claims of one job ${Math.max(...jobs.map((job) => job.attempt))}`,
  );
  expect(Math.max(...grace)).toBeLessThan(13_000);
  expect(new Set(jobs.map((job) => job.status))).toEqual(new Set(["succeeded"]));
  expect(jobs).toHaveLength(work.length);
  expect(jobs.every((job) => job.errors.length === 0)).toBe(true);
  await expectPaid(request, customer, jobs);
  await expectCleanAudit(environment);
}

async function createStack() {
  const redis = redisNamespace();
  const environment = {
    DATABASE_URL: (await createTestDatabase()).url,
    REDIS_URL: redis.url,
    QUEUE_KEY_PREFIX: redis.prefix,
  } satisfies Environment;
  const { request } = await startApi(environment);
  const type = await postJobType(request, {
    processing_logic_id: "simulate",
    standard_cost_cents: PRICE_CENTS,
  });
  const customer = await postCustomer(request, "Faulty", FUNDS_CENTS);
  return { environment, request, customer, type };
}

/** Two runners, each with all its 50 slots taken by jobs that run until `openGate`. */
async function createBusyStack(settings: Environment) {
  const { environment, request, customer } = await createStack();
  const { directory, gate, openGate } = await createGatedProcessor();
  const job_type_id = await postJobType(request, {
    processing_logic_id: "test.gated",
    standard_cost_cents: PRICE_CENTS,
  });
  const runnerEnvironment = {
    ...environment,
    RUNNER_CONCURRENCY: String(JOBS),
    PROCESSORS_DIR: directory,
    ...settings,
  };
  const runners = await Promise.all([1, 2].map(() => startRunner(runnerEnvironment)));
  const job = { customer_id: customer, job_type_id, input_data: gate, max_attempts: 1 };
  await submitAll(
    request,
    Array.from({ length: 2 * JOBS }, () => job),
  );
  await waitFor(async () => (await runningJobs(request, customer)).length === 2 * JOBS, {
    timeoutMs: PATIENCE_MS,
    describe: () => `${2 * JOBS} running jobs`,
  });
  return {
    environment,
    request,
    customer,
    runners,
    /** One more, whose slots are free. */
    startSpare: () => startRunner(runnerEnvironment),
    openGate,
  };
}

/** What a runner has counted, each time that an outcome of its was refused. */
function refusals(runner: StartedProcess | undefined): unknown[] {
  return (runner?.stdout ?? [])
    .filter((line) => line.includes("its outcome was refused"))
    .map((line) => (JSON.parse(line) as { refused?: unknown }).refused); // A line of pino's.
}

async function runningJobs(request: Request, customer: string): Promise<Job[]> {
  const path = `/jobs?customer_id=${customer}&status=running&limit=200`;
  const { body } = await request<{ data: Job[] }>("GET", path);
  return body.data;
}

/** The jobs of the lost runner, once all of them run elsewhere. */
async function secondAttempts(request: Request, customer: string): Promise<Job[] | undefined> {
  const again = (await runningJobs(request, customer)).filter(({ attempt }) => attempt === 2);
  return again.length === JOBS ? again : undefined;
}

/**
 * Half of the jobs lost an attempt with their runner. It does not count as one of their attempts, and the
 * next one succeeded.
 */
function expectRescuedOnce(jobs: readonly Job[]): void {
  expect(jobs).toHaveLength(2 * JOBS);
  expect(jobs.filter((job) => job.attempt === 2)).toHaveLength(JOBS);
  for (const job of jobs) {
    expect(job).toMatchObject({ status: "succeeded", max_attempts: 1, cost_cents: PRICE_CENTS });
    expect(job.errors.map(({ code }) => code)).toEqual(job.attempt === 2 ? ["runner_lost"] : []);
  }
}

async function expectPaid(request: Request, customer: string, jobs: readonly Job[]): Promise<void> {
  const wallet = await request("GET", `/customers/${customer}/wallet`);
  expect(wallet.body).toMatchObject({
    current_balance_cents: FUNDS_CENTS - jobs.length * PRICE_CENTS,
    pending_charges_cents: 0,
  });
}
