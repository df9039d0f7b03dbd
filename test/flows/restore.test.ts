import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { startEmbeddedPostgres } from "../../src/local/embedded-postgres.ts";
import { migrateUp } from "../../src/postgres/connection/migrator.ts";
import { atTheEnd } from "../support/cleanup.ts";
import type { Request } from "../support/http-client.ts";
import { PATIENCE_MS } from "../support/patience.ts";
import { startIep, type StartedProcess } from "../support/processes.ts";
import { findPostgresTools } from "../support/postgres-tools.ts";
import { redisNamespace } from "../support/redis.ts";
import { runSql } from "../support/sql.ts";
import {
  expectCleanAudit,
  postCustomer,
  postJobType,
  startApi,
  startRunner,
  submitAll,
  type Environment,
} from "../support/stack.ts";
import { dataFolder } from "../support/temporary-folder.ts";
import { waitFor } from "../support/wait-for.ts";

// What docs/operating.md says about backups, with the programs of PostgreSQL that it names.

const tools = await findPostgresTools();
const JOBS = 3_000;
const PRICE_CENTS = 3;
const RUN_MS = 100;
const LATE_TOP_UP = { amount_cents: 500, reference: "paid after the backup" };

async function startServer(dataDir: string) {
  const server = await startEmbeddedPostgres({ dataDir, binDir: tools, settings: { fsync: "off" } });
  atTheEnd(() => server.stop("immediate"));
  return server;
}

async function tool(program: string, ...args: string[]): Promise<number> {
  const started_at = performance.now();
  await promisify(execFile)(join(tools ?? "", program), args);
  return performance.now() - started_at;
}

async function end(...processes: StartedProcess[]): Promise<void> {
  for (const one of processes) one.signal("SIGKILL");
  await Promise.all(processes.map(({ exited }) => exited));
}

async function count(url: string, condition: string): Promise<number> {
  const { rows } = await runSql<{ jobs: number }>(
    url,
    `SELECT count(*)::int AS jobs FROM jobs WHERE ${condition}`,
  );
  return rows[0]?.jobs ?? 0;
}

async function noneOpen(url: string): Promise<void> {
  const open = () => count(url, "completed_at IS NULL");
  await waitFor(async () => (await open()) === 0, { timeoutMs: PATIENCE_MS, describe: "all jobs to end" });
}

interface Backup {
  readonly customer_id: string;
  readonly folder: string;
  readonly environment: Environment;
  /** What had ended when the backup was complete, and when the server was lost. */
  readonly ended: number;
}

/** A platform that runs jobs, and is lost when all have ended. A backup was taken while they ran. */
async function loseAfterBackup(
  takeBackup: (url: string, folder: string) => Promise<number>,
): Promise<Backup> {
  const folder = await dataFolder();
  const source = await startServer(join(folder, "source"));
  await migrateUp(source.url);
  const redis = redisNamespace();
  const environment = {
    DATABASE_URL: source.url,
    REDIS_URL: redis.url,
    QUEUE_KEY_PREFIX: redis.prefix,
    RUNNER_CONCURRENCY: "100",
    RUNNER_LEASE_SECONDS: "5",
  };
  const { request, api } = await startApi(environment);
  const job_type_id = await postJobType(request, {
    processing_logic_id: "simulate",
    standard_cost_cents: PRICE_CENTS,
  });
  const customer_id = await postCustomer(request, "Ada", 1_000_000);
  const job = { customer_id, job_type_id, input_data: { duration_ms: RUN_MS } };
  await submitAll(
    request,
    Array.from({ length: JOBS }, () => job),
  );
  const runner = await startRunner(environment);
  await waitFor(() => count(source.url, "status = 'succeeded'"), { describe: "jobs to end" });
  const backup_ms = await takeBackup(source.url, folder);
  const ended = await count(source.url, "status = 'succeeded'");
  console.log(
    `backup while jobs ran: ${(backup_ms / 1_000).toFixed(1)} s, then ${ended} of ${JOBS} had ended`,
  );
  expect((await topUp(request, customer_id)).status).toBe(201);
  await noneOpen(source.url);
  await end(api, runner);
  await source.stop("immediate");
  return { customer_id, folder, environment, ended };
}

function topUp(request: Request, customer_id: string) {
  return request("POST", `/customers/${customer_id}/wallet/top-ups`, LATE_TOP_UP);
}

/** Starts a platform on what was restored, and lets it finish what the backup has open. */
async function goOn({ customer_id, environment, ended }: Backup, url: string): Promise<Request> {
  const again = await count(url, "completed_at IS NULL");
  // A backup of a moment in which jobs ran: not all had ended, and some did afterwards.
  expect(again).toBeGreaterThan(0);
  expect(again).toBeLessThan(JOBS);
  expect(JOBS - again).toBeLessThanOrEqual(ended);
  const restored = { ...environment, DATABASE_URL: url };
  const audit = startIep(["audit", "--seals", "--json"], { env: restored });
  expect((await audit.exited).code).toBe(0);

  // On the same Redis: its lists name jobs that this database does not know as waiting.
  const { request } = await startApi(restored);
  await startRunner(restored);
  const oldest = await request<{ data: unknown[] }>("GET", "/jobs?order=oldest&limit=200");
  expect(oldest.body.data).toHaveLength(200);
  // What came in after the backup is posted again, by its reference.
  expect((await topUp(request, customer_id)).status).toBe(201);
  expect((await topUp(request, customer_id)).status).toBe(200);
  await noneOpen(url);
  expect(await count(url, "status = 'succeeded'")).toBe(JOBS);
  await expectCleanAudit(restored);
  return request;
}

/** Each job was charged once, and each payment is there once. */
const RIGHT = {
  current_balance_cents: 1_000_000 + LATE_TOP_UP.amount_cents - JOBS * PRICE_CENTS,
  pending_charges_cents: 0,
};

describe.skipIf(tools === undefined)("a backup of a platform whose jobs run is restored elsewhere", () => {
  test("by pg_basebackup: it starts, runs again what ended later, and the audit is clean", async () => {
    const backup = await loseAfterBackup((url, folder) =>
      tool("pg_basebackup", `--dbname=${url}`, `--pgdata=${join(folder, "restored")}`, "--checkpoint=fast"),
    );
    const started_at = performance.now();
    const server = await startServer(join(backup.folder, "restored"));
    console.log(`restore by pg_basebackup: ${ms(started_at)} to the start of the server, ${JOBS} jobs`);
    const request = await goOn(backup, server.url);
    expect((await request("GET", `/customers/${backup.customer_id}/wallet`)).body).toMatchObject(RIGHT);
  }, 400_000);

  test("by pg_dump, with created_xid set to 0: the same", async () => {
    const backup = await loseAfterBackup((url, folder) =>
      tool("pg_dump", `--dbname=${url}`, "--format=custom", `--file=${join(folder, "dump")}`),
    );
    const server = await startServer(join(backup.folder, "restored"));
    const started_at = performance.now();
    await tool(
      "pg_restore",
      `--dbname=${server.url}`,
      "--exit-on-error",
      "--jobs=2",
      join(backup.folder, "dump"),
    );
    await runSql(server.url, "UPDATE jobs SET created_xid = '0'");
    console.log(`restore by pg_restore: ${ms(started_at)}, ${JOBS} jobs`);
    const request = await goOn(backup, server.url);
    expect((await request("GET", `/customers/${backup.customer_id}/wallet`)).body).toMatchObject(RIGHT);
  }, 400_000);
});

function ms(started_at: number): string {
  return `${((performance.now() - started_at) / 1_000).toFixed(1)} s`;
}
