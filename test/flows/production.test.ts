import { writeFile } from "node:fs/promises";
import { Redis } from "ioredis";
import { expect, test } from "vitest";
import type { Job } from "../../src/core/model/job.ts";
import { startEmbeddedPostgres } from "../../src/local/embedded-postgres.ts";
import { migrateUp } from "../../src/postgres/connection/migrator.ts";
import { atTheEnd } from "../support/cleanup.ts";
import { createTestDatabase } from "../support/database.ts";
import { PATIENCE_MS } from "../support/patience.ts";
import { startIep } from "../support/processes.ts";
import { redisNamespace, startRedis } from "../support/redis.ts";
import {
  ADMIN_API_KEY,
  postCustomer,
  postJobType,
  expectCleanAudit,
  jobEnded,
  startApi,
  startRunner,
} from "../support/stack.ts";
import { dataFolder, temporaryFolder } from "../support/temporary-folder.ts";
import { waitFor } from "../support/wait-for.ts";

test("one api and two runners: 3,000 jobs of 20 customers in three priorities all succeed, and every cent is accounted for", async () => {
  const redis = redisNamespace();
  const environment = {
    DATABASE_URL: (await createTestDatabase()).url,
    REDIS_URL: redis.url,
    QUEUE_KEY_PREFIX: redis.prefix,
  };
  const { request } = await startApi(environment);
  const runners = await Promise.all([startRunner(environment), startRunner(environment)]);
  const type = await postJobType(request, { processing_logic_id: "echo", standard_cost_cents: 7 });
  const customers = await Promise.all(
    Array.from({ length: 20 }, (_, n) => postCustomer(request, `Customer ${n}`, 100_000)),
  );

  const batches = await Promise.all(
    Array.from({ length: 6 }, (_, batch) =>
      request<{ results: { status: number }[] }>("POST", "/jobs/batch", {
        jobs: Array.from({ length: 500 }, (_unused, n) => ({
          customer_id: customers[(batch * 500 + n) % 20],
          job_type_id: type,
          priority: n % 3,
          input_data: { batch, n },
        })),
      }),
    ),
  );
  expect(
    batches.flatMap(({ body }) => body.results.map(({ status }) => status)).every((status) => status === 201),
  ).toBe(true);

  await waitFor(
    async () => {
      const waiting = await Promise.all(
        ["pending", "running"].map((status) =>
          request<{ data: unknown[] }>("GET", `/jobs?status=${status}&limit=1`),
        ),
      );
      return waiting.every(({ body }) => body.data.length === 0);
    },
    { timeoutMs: PATIENCE_MS, describe: "all jobs to end" },
  );

  for (const customer of customers) {
    const wallet = await request("GET", `/customers/${customer}/wallet`);
    expect(wallet.body).toMatchObject({ current_balance_cents: 100_000 - 150 * 7, pending_charges_cents: 0 });
  }
  const lists = new Redis(redis.url);
  atTheEnd(() => Promise.resolve(lists.disconnect()));
  for (const priority of [0, 1, 2]) expect(await lists.llen(`${redis.prefix}:p${priority}:pending`)).toBe(0);
  await expectCleanAudit(environment);

  for (const runner of runners) runner.signal("SIGTERM");
  expect(await Promise.all(runners.map((runner) => runner.exited))).toEqual([
    { code: 0, signal: null },
    { code: 0, signal: null },
  ]);
});

test("a foreign LPUSH of a pending job's id gets it run once", async () => {
  const redis = redisNamespace();
  const environment = {
    DATABASE_URL: (await createTestDatabase()).url,
    REDIS_URL: redis.url,
    QUEUE_KEY_PREFIX: redis.prefix,
  };
  const { request } = await startApi(environment);
  const type = await postJobType(request, { processing_logic_id: "echo", standard_cost_cents: 7 });
  const customer = await postCustomer(request, "Foreign", 100);
  const submitted = await request<Job>("POST", "/jobs", {
    customer_id: customer,
    job_type_id: type,
    priority: 0,
    input_data: "once",
  });
  const lists = new Redis(redis.url);
  atTheEnd(() => Promise.resolve(lists.disconnect()));
  const list = `${redis.prefix}:p0:pending`;
  expect(await lists.lrange(list, 0, -1)).toEqual([submitted.body.id]);
  await lists.del(list);
  await lists.lpush(list, submitted.body.id, submitted.body.id);

  await startRunner(environment);
  const job = await jobEnded(request, submitted.body.id);
  expect(job).toMatchObject({ status: "succeeded", attempt: 1, cost_cents: 7, output_data: "once" });
  expect((await request("GET", `/customers/${customer}/wallet`)).body).toMatchObject({
    current_balance_cents: 93,
  });
});

test("PostgreSQL away: 503 with Retry-After; back: served again and the job runs, without a restart", async () => {
  const dataDir = `${await dataFolder()}/postgres`;
  const start = (port?: number) => startEmbeddedPostgres({ dataDir, port, settings: { fsync: "off" } });
  let postgres = await start();
  atTheEnd(() => postgres.stop());
  await migrateUp(postgres.url);
  const environment = { DATABASE_URL: postgres.url };
  const { request } = await startApi(environment);
  await startRunner(environment);
  const type = await postJobType(request, { processing_logic_id: "echo", standard_cost_cents: 7 });
  const customer = await postCustomer(request, "Patient", 100);
  const body = { customer_id: customer, job_type_id: type, input_data: 1 };

  await postgres.stop("immediate");
  const refused = await request("POST", "/jobs", body);
  expect(refused).toMatchObject({ status: 503, body: { code: "unavailable", retryable: true } });
  expect(refused.headers.get("retry-after")).toMatch(/^\d+$/);
  expect((await request("GET", "/readyz")).status).toBe(503);
  expect((await request("GET", "/healthz")).status).toBe(200);

  postgres = await start(postgres.port);
  const submitted = await waitFor(
    async () => {
      const answer = await request<Job>("POST", "/jobs", body);
      return answer.status === 201 && answer.body;
    },
    { describe: "a submission to be accepted" },
  );
  expect(await jobEnded(request, submitted.id)).toMatchObject({ status: "succeeded" });
});

test("Redis away: submissions go on; back: what was submitted runs, without a restart", async () => {
  let redis = await startRedis();
  const environment = { DATABASE_URL: (await createTestDatabase()).url, REDIS_URL: redis.url };
  const { request } = await startApi(environment);
  await startRunner(environment);
  const type = await postJobType(request, { processing_logic_id: "echo", standard_cost_cents: 7 });
  const customer = await postCustomer(request, "Patient", 100);
  const body = { customer_id: customer, job_type_id: type, input_data: 1 };

  await redis.stop("SIGKILL");
  const answers = await Promise.all([1, 2, 3].map(() => request<Job>("POST", "/jobs", body)));
  expect(answers.map(({ status }) => status)).toEqual([201, 201, 201]);
  expect((await request("GET", "/readyz")).body).toMatchObject({ status: "degraded" });

  redis = await startRedis({ port: redis.port });
  for (const answer of answers)
    expect(await jobEnded(request, answer.body.id)).toMatchObject({ status: "succeeded" });
});

test("servers that never come: one line each with what was tried; without the database, exit 1 after 30 s", async () => {
  const environment = {
    DATABASE_URL: "postgres://iep:secret@127.0.0.1:1/iep",
    REDIS_URL: "redis://:secret@127.0.0.1:1/0",
    ADMIN_API_KEY,
    PORT: "0",
  };
  const processes = ["api", "runner"].map((name) => startIep([name], { env: environment }));
  for (const process of processes) {
    expect((await process.exited).code).toBe(1);
    const said = [...process.stdout, ...process.stderr].join("\n");
    expect(said).toMatch(
      /PostgreSQL at 127\.0\.0\.1:1\/iep \(DATABASE_URL\) does not answer: .*ECONNREFUSED.*Trying for 30 s/,
    );
    expect(said).toMatch(/Redis at 127\.0\.0\.1:1 \(REDIS_URL\) refuses connections/);
    expect(said).toContain("Gave up after 30 s");
    expect(said).not.toContain("secret");
  }
});

test("what a runner has done while PostgreSQL was away is settled and charged when it is back", async () => {
  const dataDir = `${await dataFolder()}/postgres`;
  const start = (port?: number) => startEmbeddedPostgres({ dataDir, port, settings: { fsync: "off" } });
  let postgres = await start();
  atTheEnd(() => postgres.stop());
  await migrateUp(postgres.url);
  const environment = { DATABASE_URL: postgres.url };
  const { request } = await startApi(environment);
  const runner = await startRunner({ ...environment, LOG_LEVEL: "debug" });
  const type = await postJobType(request, { processing_logic_id: "simulate", standard_cost_cents: 7 });
  const customer = await postCustomer(request, "Patient", 100);
  const body = { customer_id: customer, job_type_id: type, input_data: { duration_ms: 1_500 } };
  const { id } = (await request<Job>("POST", "/jobs", body)).body;
  // Running in the database is not enough: the runner must have heard of it.
  await runner.waitForLine(/attempt started/);

  await postgres.stop("immediate");
  await runner.waitForLine(/settling is delayed/);
  postgres = await start(postgres.port);
  expect(await jobEnded(request, id)).toMatchObject({ status: "succeeded", attempt: 1, cost_cents: 7 });
  expect((await request("GET", `/customers/${customer}/wallet`)).body).toMatchObject({
    current_balance_cents: 93,
    pending_charges_cents: 0,
  });
});

test(".env of the working folder is read; what is set already stays", async () => {
  const cwd = await temporaryFolder();
  await writeFile(`${cwd}/.env`, "DATABASE_URL=mysql://from-the-file\nPORT=also-wrong\n");
  const runner = startIep(["runner"], { cwd, env: { PORT: "3001" } });
  expect((await runner.exited).code).toBe(78);
  expect(runner.stderr.join("\n")).toContain("DATABASE_URL");
  expect(runner.stderr.join("\n")).not.toContain("PORT");
});

test("a wrong environment: every fault at once, exit 78, nothing started", async () => {
  const api = startIep(["api"], {
    env: { DATABASE_URL: "mysql://x", PORT: "99999", RUNNER_CONCURRENCY: "many", LOG_LEVEL: "loud" },
  });
  expect((await api.exited).code).toBe(78);
  const said = api.stderr.join("\n");
  for (const name of ["DATABASE_URL", "PORT", "RUNNER_CONCURRENCY", "LOG_LEVEL", "ADMIN_API_KEY"])
    expect(said).toContain(name);
});

test("a database without the schema: the line says what to run, and the process goes on once somebody ran it", async () => {
  const dataDir = `${await dataFolder()}/postgres`;
  const postgres = await startEmbeddedPostgres({ dataDir, settings: { fsync: "off" } });
  atTheEnd(() => postgres.stop());
  const runner = startIep(["runner"], { env: { DATABASE_URL: postgres.url } });
  await runner.waitForLine(
    /lacks \d+ migrations and \d+ functions of this version: run `npx iep migrate up`/,
  );
  const migrate = startIep(["migrate", "up"], { env: { DATABASE_URL: postgres.url } });
  expect((await migrate.exited).code).toBe(0);
  await runner.waitForLine(/runner ready/);
});
