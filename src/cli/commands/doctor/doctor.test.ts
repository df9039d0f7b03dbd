import { expect, test } from "vitest";
import { runSql } from "../../../../test/support/sql.ts";
import { createTestDatabase } from "../../../../test/support/database.ts";
import { startIep } from "../../../../test/support/processes.ts";
import { redisNamespace, startRedis } from "../../../../test/support/redis.ts";
import {
  createCustomer,
  createJobType,
  createRunner,
  createTestPlatform,
} from "../../../../test/support/test-platform.ts";
import { submitJob } from "../../../core/use-cases/submit-jobs.ts";
import type { CliContext } from "../../terminal/context.ts";
import type { Finding } from "./examine.ts";
import { createTestCli } from "../../../../test/support/test-cli.ts";

/** The server of the tests runs without fsync. */
const sound: CliContext["serverFacts"] = () =>
  Promise.resolve({
    version: "18.1",
    encoding: "UTF8",
    fsync: "on",
    synchronous_commit: "on",
    now: new Date().toISOString(),
    host_ahead_ms: -1_900,
    session: { TimeZone: "UTC", DateStyle: "ISO, MDY", statement_timeout: "30s" },
  });

type Cli = Awaited<ReturnType<typeof createTestCli>>;

/** What the doctor finds, as `check: state`, with the exit code; and what stands in the rows. */
async function examine(cli: Cli) {
  const { exitCode, stdout, stderr } = await cli.run("doctor", "--json");
  expect(stderr).toBe("");
  const findings = JSON.parse(stdout) as Finding[];
  const states = Object.fromEntries(findings.map(({ check, state }) => [check, state]));
  const row = (name: string) => findings.find(({ check }) => check === name);
  return { exitCode, states, row };
}

const ALL_OK = {
  database: "ok",
  "database version": "ok",
  encoding: "ok",
  session: "ok",
  clock: "ok",
  durability: "ok",
  schema: "ok",
  "ready queue": "ok",
  runners: "ok",
  queue: "ok",
  "job types": "ok",
  audit: "ok",
};

test("all is well: every row is ok, exit 0", async () => {
  const cli = await createTestCli({ serverFacts: sound });
  await createRunner(cli.platform);
  const { exitCode, states } = await examine(cli);
  expect({ exitCode, states }).toEqual({ exitCode: 0, states: ALL_OK });
  const { stdout } = await cli.run("doctor");
  expect(stdout).toMatch(/^CHECK +STATE +FOUND +FIX$/m);
  expect(stdout).toMatch(/^runners +ok +1 alive, 1 slots$/m);
});

test("what only makes jobs wait is a warning, exit 0", async () => {
  const cli = await createTestCli({ serverFacts: sound });
  const type = await createJobType(cli.platform, { name: "Held" });
  await cli.json("job-types", "pause", type);
  await cli.json("queue", "pause");
  const { exitCode, states, row } = await examine(cli);
  expect({ exitCode, states }).toEqual({
    exitCode: 0,
    states: { ...ALL_OK, runners: "warn", queue: "warn", "job types": "warn" },
  });
  expect(row("runners")).toMatchObject({ found: "none is alive", way_out: "start one: iep runner" });
  expect(row("queue")?.way_out).toBe("run iep queue resume");
  expect(row("job types")?.found).toBe("1 paused: Held");
});

test("a runner that is listed and silent is a warning, by the database's clock", async () => {
  const cli = await createTestCli({
    serverFacts: async () => ({ ...(await sound()), now: new Date(Date.now() + 3_600_000).toISOString() }),
  });
  await createRunner(cli.platform);
  const { exitCode, row } = await examine(cli);
  expect(exitCode).toBe(0);
  expect(row("runners")).toMatchObject({ state: "warn", found: "1 of 1 sent no heartbeat for 10 s" });
});

test.each([
  [{ version: "14.20 (Debian 14.20-1)" }, "database version", "upgrade to PostgreSQL 15 or newer"],
  [{ fsync: "off" }, "durability", "set both to on: a crash could lose jobs and money"],
  [{ synchronous_commit: "off" }, "durability", "set both to on: a crash could lose jobs and money"],
])("a server with %j is BAD, exit 1", async (facts, check, way_out) => {
  const cli = await createTestCli({ serverFacts: async () => ({ ...(await sound()), ...facts }) });
  await createRunner(cli.platform);
  const { exitCode, states, row } = await examine(cli);
  expect({ exitCode, states }).toEqual({ exitCode: 1, states: { ...ALL_OK, [check]: "bad" } });
  expect(row(check)?.way_out).toBe(way_out);
  expect((await cli.run("doctor")).stdout).toMatch(new RegExp(`^${check} +BAD +.*  ${way_out}$`, "m"));
});

test("the session and the clocks are said; a bound that a pooler drops and a clock that is off are warnings", async () => {
  const facts = { value: await sound() };
  const cli = await createTestCli({ serverFacts: () => Promise.resolve(facts.value) });
  await createRunner(cli.platform);
  const fine = await examine(cli);
  expect(fine.row("session")?.found).toBe("TimeZone UTC, DateStyle ISO, MDY, statement_timeout 30s");
  expect(fine.row("clock")?.found).toBe("this host's is 1.9 s behind the database's");

  facts.value = {
    ...facts.value,
    host_ahead_ms: 3_600_000,
    session: { ...facts.value.session, statement_timeout: "0" },
  };
  const { exitCode, states, row } = await examine(cli);
  expect({ exitCode, states }).toEqual({
    exitCode: 0,
    states: { ...ALL_OK, session: "warn", clock: "warn" },
  });
  expect(row("clock")).toMatchObject({
    found: "this host's is 3600.0 s ahead of the database's",
    way_out: "set the clock of this host (NTP): jobs have the database's time",
  });
  expect(row("session")?.way_out).toContain("SET statement_timeout");
});

test("a schema that is not up to date is BAD, and what needs it is skipped", async () => {
  const cli = await createTestCli({ serverFacts: sound });
  await cli.json("migrate", "down", "--all", "--yes");
  const { exitCode, states, row } = await examine(cli);
  expect({ exitCode, states }).toEqual({
    exitCode: 1,
    states: {
      ...ALL_OK,
      schema: "bad",
      runners: "skipped",
      queue: "skipped",
      "job types": "skipped",
      audit: "skipped",
    },
  });
  expect(row("schema")?.way_out).toBe("run iep migrate up");
  expect(row("audit")?.found).toBe("needs the schema");
});

test.each([
  ["none is listed", undefined],
  ["those that are listed are silent", "UPDATE runners SET heartbeat_at = now() - interval '1 minute'"],
])("due jobs without a living runner are BAD, exit 1: %s", async (_how, silence) => {
  const cli = await createTestCli({ serverFacts: sound });
  const customer_id = await createCustomer(cli.platform);
  const job_type_id = await createJobType(cli.platform);
  const later = {
    customer_id,
    job_type_id,
    input_data: {},
    run_at: new Date(Date.now() + 3_600_000).toISOString(),
  };
  await submitJob(cli.platform, later);
  if (silence !== undefined) {
    await createRunner(cli.platform);
    await runSql(cli.databaseUrl, silence);
  }
  expect(await examine(cli)).toMatchObject({ exitCode: 0, states: { ...ALL_OK, runners: "warn" } });
  await submitJob(cli.platform, { customer_id, job_type_id, input_data: {} });
  const { exitCode, states, row } = await examine(cli);
  expect({ exitCode, states }).toEqual({ exitCode: 1, states: { ...ALL_OK, runners: "bad" } });
  expect(row("runners")?.found).toContain("and 1 jobs are due");
});

test("an encoding that cannot hold Unicode is BAD, and a newer schema is a warning", async () => {
  const cli = await createTestCli({
    serverFacts: async () => ({ ...(await sound()), encoding: "SQL_ASCII" }),
  });
  await createRunner(cli.platform);
  await runSql(
    cli.databaseUrl,
    "INSERT INTO schema_migrations (version, name, checksum) VALUES ('2999-01-01-000001', 'newer', '')",
  );
  const { exitCode, states, row } = await examine(cli);
  expect({ exitCode, states }).toEqual({
    exitCode: 1,
    states: { ...ALL_OK, encoding: "bad", schema: "warn" },
  });
  expect(row("encoding")?.way_out).toContain("ENCODING 'UTF8' TEMPLATE template0");
  expect(row("schema")?.found).toBe("newer than this release: 2999-01-01-000001_newer");
});

test("a wrong password: doctor and every command say so, and what to do, with the exit code 1", async () => {
  const url = new URL((await createTestDatabase()).url);
  url.password = "wrong";
  const env = { DATABASE_URL: url.href };
  const found = 'refuses: password authentication failed for user "postgres"';
  const [doctor, text, json] = [
    ["doctor", "--json"],
    ["customers", "list"],
    ["migrate", "up", "--json"],
  ].map((argv) => startIep(argv, { env }));
  for (const one of [doctor, text, json]) expect(await one?.exited).toEqual({ code: 1, signal: null });
  const [first] = JSON.parse(doctor?.stdout.join("\n") ?? "") as Finding[];
  const way_out = "correct the password in DATABASE_URL";
  expect(first).toEqual({ check: "database", state: "bad", found, way_out });
  const message = `PostgreSQL ${found}. To mend it: ${way_out}.`;
  expect(text?.stderr).toEqual([`error: ${message}`]);
  expect(JSON.parse(json?.stderr.join("\n") ?? "")).toEqual({
    error: { code: "unavailable", message, errors: [] },
  });
});

test("a broken promise is BAD, and named", async () => {
  const cli = await createTestCli({ serverFacts: sound });
  await createRunner(cli.platform);
  await createCustomer(cli.platform);
  await runSql(cli.databaseUrl, "UPDATE wallets SET current_balance_cents = current_balance_cents + 1");
  const { exitCode, states, row } = await examine(cli);
  expect({ exitCode, states }).toEqual({ exitCode: 1, states: { ...ALL_OK, audit: "bad" } });
  expect(row("audit")?.found).toContain("balance_is_sum_of_entries");
});

test("Redis that does not answer is BAD, and the rest is still examined", async () => {
  const redis = await startRedis();
  const { platform, databaseUrl } = await createTestPlatform({ redis: { url: redis.url, prefix: "jobs" } });
  await createRunner(platform);
  const cli = await createTestCli({ withPlatform: (work) => work(platform), serverFacts: sound });
  expect(databaseUrl).not.toBe(cli.databaseUrl);
  const { states, row } = await examine(cli);
  expect(states).toEqual(ALL_OK);
  expect(row("ready queue")?.found).toBe("Redis is reachable: 0 high, 0 medium, 0 low");
  await redis.stop();
  const away = await examine(cli);
  expect(away).toMatchObject({ exitCode: 1, states: { ...ALL_OK, "ready queue": "bad" } });
  expect(away.row("ready queue")?.way_out).toBe("start Redis or correct REDIS_URL");
});

test("a database that is away is BAD, and what needs it is skipped", async () => {
  const { platform } = await createTestPlatform({ databaseUrl: "postgres://nobody@127.0.0.1:1/none" });
  const cli = await createTestCli({ withPlatform: (work) => work(platform) });
  const { exitCode, states, row } = await examine(cli);
  expect({ exitCode, states }).toEqual({
    exitCode: 1,
    states: {
      ...Object.fromEntries(Object.keys(ALL_OK).map((check) => [check, "skipped"])),
      database: "bad",
      "ready queue": "ok",
    },
  });
  expect(row("database")).toMatchObject({
    found: "does not answer: connect ECONNREFUSED 127.0.0.1:1",
    way_out: "start PostgreSQL, or correct host and port in DATABASE_URL",
  });
});

test("as a user starts it, it examines the server itself", async () => {
  const { url: REDIS_URL, prefix: QUEUE_KEY_PREFIX } = redisNamespace();
  const env = { DATABASE_URL: (await createTestDatabase()).url, REDIS_URL, QUEUE_KEY_PREFIX };
  const doctor = startIep(["doctor", "--json"], { env });
  expect(await doctor.exited).toEqual({ code: 1, signal: null });
  const findings = JSON.parse(doctor.stdout.join("\n")) as Finding[];
  const states = Object.fromEntries(findings.map(({ check, state }) => [check, state]));
  expect(states).toEqual({ ...ALL_OK, durability: "bad", runners: "warn" });
  expect(findings.find(({ check }) => check === "durability")?.found).toBe(
    "fsync off, synchronous_commit on",
  );
  expect(doctor.stderr).toEqual([]);
});
