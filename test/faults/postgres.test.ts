import { setTimeout as wait } from "node:timers/promises";
import { Client } from "pg";
import { expect, test } from "vitest";
import type { Job } from "../../src/core/model/job.ts";
import { startEmbeddedPostgres, type PostgresServer } from "../../src/local/embedded-postgres.ts";
import { migrateUp } from "../../src/postgres/connection/migrator.ts";
import { atTheEnd } from "../support/cleanup.ts";
import { createTestDatabase } from "../support/database.ts";
import type { Answer, Request } from "../support/http-client.ts";
import { PATIENCE_MS } from "../support/patience.ts";
import type { StartedProcess } from "../support/processes.ts";
import {
  allEnded,
  postCustomer,
  postJobType,
  expectCleanAudit,
  startApi,
  startRunner,
} from "../support/stack.ts";
import { startTcpProxy } from "../support/tcp-proxy.ts";
import { dataFolder, temporaryFolder } from "../support/temporary-folder.ts";
import { waitFor } from "../support/wait-for.ts";

const PRICE_CENTS = 7;
const FUNDS_CENTS = 100_000_000;
/** A submission fails after 5 s while the database is away; the rest is for the way there and back. */
const SUBMISSION_MS_MAX = 5_500;

test("PostgreSQL crashes five times under load: nothing that was accepted is lost, and nobody needs a restart", async () => {
  // With fsync, as delivered: what is acknowledged is on the disk.
  const dataDir = `${await temporaryFolder()}/postgres`;
  let postgres = await startEmbeddedPostgres({ dataDir });
  atTheEnd(() => postgres.stop());
  await migrateUp(postgres.url);
  const stack = await createStack(postgres.url);
  const load = startLoad(stack);

  const back_ms: number[] = [];
  for (let crash = 0; crash < 5; crash += 1) {
    await load.accepts(50);
    await postgres.stop("immediate");
    await wait(300);
    postgres = await startEmbeddedPostgres({ dataDir, port: postgres.port });
    const started_at = performance.now();
    await load.accepts(1);
    back_ms.push(performance.now() - started_at);
  }
  const { accepted, refused } = await load.stop();
  const jobs = await expectNothingLost(stack, accepted);
  console.log(
    `PostgreSQL crashed 5 times: ${accepted.length} accepted, lost 0, ${refused.length} refused, ${jobs.length - accepted.length} stored unanswered; first 2xx after ${inMs(back_ms)} ms`,
  );
  expect(Math.max(...back_ms)).toBeLessThanOrEqual(5_000);
  expect(new Set(refused.map(({ status }) => status))).toEqual(new Set(refused.length > 0 ? [503] : []));
});

test("all backends are killed every 100 ms for 5 s: nothing is lost, each job is charged once", async () => {
  const { url } = await createTestDatabase();
  const stack = await createStack(url);
  const killer = await connect(url);
  const load = startLoad(stack);
  let killed = 0;
  for (let round = 0; round < 50; round += 1) {
    await wait(100);
    const { rowCount } = await killer.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
    );
    killed += rowCount ?? 0;
  }
  const { accepted, refused } = await load.stop();
  const jobs = await expectNothingLost(stack, accepted);
  console.log(
    `${killed} backends killed in 5 s: ${accepted.length} accepted, lost 0, ${refused.length} refused, ${jobs.length - accepted.length} stored unanswered`,
  );
  expect(killed).toBeGreaterThan(50);
});

test("the line is cut after the server did what it was asked: each submission answers 201, each job exists once and is charged once", async () => {
  const { url } = await createTestDatabase();
  const proxy = await startTcpProxy(url);
  const stack = await createStack(proxy.url);
  const losses = ["submit_job", "claim_next", "settle_"].map((statement) => proxy.loseAnswers(statement, 3));
  const load = startLoad(stack);
  await waitFor(() => losses.every(({ count }) => count >= 10), { timeoutMs: PATIENCE_MS });
  const { accepted, refused } = await load.stop();
  const jobs = await expectNothingLost(stack, accepted);
  const counts = losses.map(({ count }) => count);
  console.log(
    `${counts.join(" + ")} answers lost (submit + claim + settle): ${accepted.length} submissions, ${refused.length} refused, ${jobs.length} jobs, each charged once`,
  );
  expect(refused).toEqual([]);
  expect(jobs).toHaveLength(accepted.length);
});

test("PostgreSQL is away, refusing, silent, locked or full: 503 with Retry-After within a bound, and served as soon as it is back", async () => {
  const dataDir = `${await dataFolder()}/postgres`;
  const settings = { fsync: "off", max_connections: "20", superuser_reserved_connections: "0" };
  let postgres: PostgresServer = await startEmbeddedPostgres({ dataDir, settings });
  atTheEnd(() => postgres.stop("immediate"));
  await migrateUp(postgres.url);
  const proxy = await startTcpProxy(postgres.url);
  const { request, api } = await startApi({ DATABASE_URL: proxy.url });
  const type = await postJobType(request, {
    processing_logic_id: "echo",
    standard_cost_cents: PRICE_CENTS,
  });
  const customer = await postCustomer(request, "Patient", FUNDS_CENTS);
  const submit = () =>
    request<Job>("POST", "/jobs", { customer_id: customer, job_type_id: type, input_data: 1 });
  const read = () => request("GET", `/customers/${customer}`);
  const figures: string[] = [];

  const expectAway = async (name: string, bounds: { read_ms: number }): Promise<void> => {
    const [submissions, reads] = await Promise.all([
      // One after the other as well: whoever comes behind a batch that waits is bounded too.
      Promise.all(
        [0, 300, 2_000].map(async (after_ms) => {
          await wait(after_ms);
          return await timed(submit);
        }),
      ),
      Promise.all([timed(read), timed(read)]),
    ]);
    for (const { answer } of [...submissions, ...reads]) {
      expect(answer).toMatchObject({ status: 503, body: { code: "unavailable", retryable: true } });
      expect(answer.headers.get("retry-after")).toMatch(/^\d+$/);
    }
    const [submit_ms, read_ms] = [submissions, reads].map((all) =>
      Math.max(...all.map(({ took_ms }) => took_ms)),
    );
    figures.push(`${name}: submit 503 in ${submit_ms?.toFixed(0)} ms, read in ${read_ms?.toFixed(0)} ms`);
    expect(submit_ms).toBeLessThanOrEqual(SUBMISSION_MS_MAX);
    expect(read_ms).toBeLessThanOrEqual(bounds.read_ms);
  };
  const expectBack = async (name: string): Promise<void> => {
    const { took_ms } = await timed(() =>
      waitFor(async () => (await submit()).status === 201, { describe: `a 201 after ${name}` }),
    );
    figures.push(`then 201 after ${took_ms.toFixed(0)} ms`);
    expect(took_ms).toBeLessThanOrEqual(5_000);
    expect((await read()).status).toBe(200);
  };

  await submit();
  proxy.blackHole();
  await expectAway("silent", { read_ms: 6_500 });
  proxy.heal();
  await expectBack("silence");

  await postgres.stop("immediate");
  await expectAway("gone", { read_ms: 1_000 });
  postgres = await startEmbeddedPostgres({ dataDir, settings, port: postgres.port });
  await expectBack("it was gone");

  // Every place is taken, and the API's own connections are ended: new ones are refused with 53300.
  const hogs: Client[] = [];
  const killer = await connect(postgres.url);
  const fill = () =>
    waitFor(() =>
      connect(postgres.url).then(
        (client) => void hogs.push(client),
        (error: { code?: string }) => error.code === "53300",
      ),
    );
  // The API opens new connections at any moment, also before all places are taken.
  await waitFor(async () => {
    const { rowCount } = await killer.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'iep%'",
    );
    await fill();
    return rowCount === 0;
  });
  await expectAway("full", { read_ms: 2_500 });
  await Promise.all(hogs.map((client) => client.end()));
  await expectBack("it was full");

  await killer.query("BEGIN");
  await killer.query("SELECT FROM wallets FOR UPDATE");
  const blocked = await timed(submit);
  figures.push(`wallet locked: submit 503 in ${blocked.took_ms.toFixed(0)} ms`);
  expect(blocked.answer.status).toBe(503);
  expect(blocked.took_ms).toBeLessThanOrEqual(SUBMISSION_MS_MAX);
  expect((await read()).status).toBe(200);
  await killer.query("COMMIT");
  await expectBack("the lock");

  console.log(`PostgreSQL away: ${figures.join("; ")}`);
  await expectCleanAudit({ DATABASE_URL: postgres.url });
  expect(await isRunning(api)).toBe(true);
});

interface Stack {
  readonly request: Request;
  readonly customer: string;
  readonly type: string;
  readonly databaseUrl: string;
  readonly processes: readonly StartedProcess[];
}

async function createStack(databaseUrl: string): Promise<Stack> {
  const environment = { DATABASE_URL: databaseUrl };
  const { request, api } = await startApi(environment);
  const runner = await startRunner(environment);
  const type = await postJobType(request, {
    processing_logic_id: "echo",
    standard_cost_cents: PRICE_CENTS,
  });
  const customer = await postCustomer(request, "Load", FUNDS_CENTS);
  return { request, customer, type, databaseUrl, processes: [api, runner] };
}

/** Eight callers, each with one submission under way, none of which is ever sent twice. */
function startLoad({ request, customer, type }: Stack) {
  const accepted: Job[] = [];
  const refused: Answer<Job>[] = [];
  const stop = new AbortController();
  let sent = 0;
  const callers = Array.from({ length: 8 }, async () => {
    while (!stop.signal.aborted) {
      sent += 1;
      const answer = await request<Job>("POST", "/jobs", {
        customer_id: customer,
        job_type_id: type,
        input_data: { sent },
      });
      if (answer.status === 201) accepted.push(answer.body);
      else refused.push(answer);
      await wait(10);
    }
  });
  return {
    /** Resolves once so many more were accepted. */
    async accepts(count: number): Promise<void> {
      const wanted = accepted.length + count;
      await waitFor(() => accepted.length >= wanted, { describe: `${count} more to be accepted` });
    },
    async stop() {
      stop.abort();
      await Promise.all(callers);
      return { accepted, refused };
    },
  };
}

/**
 * Every accepted job has succeeded and is paid, and so is every job that was stored although its reply was
 * lost. Returns all jobs.
 */
async function expectNothingLost(stack: Stack, accepted: readonly Job[]): Promise<Job[]> {
  const { request, customer, databaseUrl, processes } = stack;
  const jobs = await allEnded(request, customer);
  const ids = new Set(jobs.map(({ id }) => id));
  expect(accepted.filter(({ id }) => !ids.has(id))).toEqual([]);
  expect(new Set(accepted.map(({ id }) => id)).size).toBe(accepted.length);
  expect(new Set(jobs.map(({ status }) => status))).toEqual(new Set(["succeeded"]));
  const inputs = jobs.map(({ input_data }) => JSON.stringify(input_data));
  expect(new Set(inputs).size).toBe(inputs.length);
  const { body: wallet } = await request("GET", `/customers/${customer}/wallet`);
  expect(wallet).toMatchObject({
    current_balance_cents: FUNDS_CENTS - jobs.length * PRICE_CENTS,
    pending_charges_cents: 0,
  });
  await expectCleanAudit({ DATABASE_URL: databaseUrl });
  for (const process of processes) expect(await isRunning(process)).toBe(true);
  return jobs;
}

async function isRunning(process: StartedProcess): Promise<boolean> {
  return await Promise.race([process.exited.then(() => false), wait(0, true)]);
}

async function timed<T>(run: () => Promise<T>): Promise<{ answer: T; took_ms: number }> {
  const started_at = performance.now();
  const answer = await run();
  return { answer, took_ms: performance.now() - started_at };
}

async function connect(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  client.on("error", () => undefined);
  await client.connect();
  atTheEnd(() => client.end());
  return client;
}

function inMs(times: readonly number[]): string {
  return times.map((ms) => ms.toFixed(0)).join(", ");
}
