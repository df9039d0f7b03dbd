import { expect, test } from "vitest";
import { startRedis } from "../../../../test/support/redis.ts";
import {
  createCustomer,
  createJobType,
  createRunner,
  createTestPlatform,
} from "../../../../test/support/test-platform.ts";
import type { MigrationStatus } from "../../../core/model/migration.ts";
import { PlatformError } from "../../../core/lib/errors.ts";
import { runSql } from "../../../../test/support/sql.ts";
import { createTestCli } from "../../../../test/support/test-cli.ts";

test("migrations go down, up, and tell their status", async () => {
  const cli = await createTestCli();
  const all = (await cli.json("migrate", "status")) as MigrationStatus[];
  const names = all.map(({ version, name }) => `${version}_${name}`);
  const newest = all.at(-1);
  const newestName = names.at(-1);
  expect(all.every(({ applied_at }) => applied_at !== null)).toBe(true);

  expect(await cli.run("migrate", "up")).toEqual({
    exit_code: 0,
    stdout: "",
    stderr: "Nothing to do: the schema is that of this version.\n",
  });
  expect(await cli.json("migrate", "down")).toEqual({ reverted: [newestName] });
  expect((await cli.run("migrate", "status")).stdout).toMatch(
    new RegExp(`^${newest?.version}  ${newest?.name} +-$`, "m"),
  );
  expect((await cli.run("migrate", "status")).stderr).toMatch(/^Not those of this version: .*submit_jobs/);
  expect((await cli.run("migrate", "up")).stdout).toMatch(
    new RegExp(`^applied ${newestName}\n(applied \\w+\n)*applied submit_jobs\n`),
  );
  expect(await cli.json("migrate", "down", "--steps", "2")).toEqual({
    reverted: names.slice(-2).toReversed(),
  });
  expect(await cli.json("migrate", "down", "--all")).toEqual({
    reverted: names.slice(0, -2).toReversed(),
  });
  expect(await cli.json("migrate", "up")).toEqual({
    applied: names,
    functions: expect.arrayContaining(["submit_jobs", "audit"]),
  });
});

test("a migration that fails is exit 1 with its reason", async () => {
  const cli = await createTestCli();
  await runSql(cli.databaseUrl, "UPDATE schema_migrations SET checksum = 'other'");
  const { exit_code, stdout, stderr } = await cli.run("migrate", "status", "--json");
  expect({ exit_code, stdout }).toEqual({ exit_code: 1, stdout: "" });
  expect(JSON.parse(stderr)).toMatchObject({ error: { code: "migration_failed" } });
  expect(stderr).toContain("was edited after it ran");
});

test("the queue is counted by priority", async () => {
  const cli = await createTestCli();
  const customer = await createCustomer(cli.platform);
  await createJobType(cli.platform, { name: "Echo" });
  const submit = ["jobs", "submit", "--customer", customer, "--type", "Echo", "--priority"];
  await cli.json(...submit, "high");
  await cli.json(...submit, "high");
  await cli.json(...submit, "low", "--run-at", new Date(Date.now() + 3_600_000).toISOString());

  expect(await cli.json("queue")).toMatchObject({
    priorities: [
      { priority: 0, ready: 0, backlog: 2, scheduled: 0 },
      { priority: 1, ready: 0, backlog: 0, scheduled: 0, oldest_wait_seconds: null },
      { priority: 2, ready: 0, backlog: 0, scheduled: 1, oldest_wait_seconds: null },
    ],
    ready_queue: null,
  });
  const { stdout } = await cli.run("queue");
  expect(stdout).toMatch(/^PRIORITY/);
  expect(stdout).toMatch(/^0 high +0 +2 +0 +0 +\d+\.\d s$/m);
  expect(stdout).toMatch(/^2 low +0 +0 +1 +0 +-$/m);
});

test("the queue is paused and resumed, and shows what paused types hold back", async () => {
  const cli = await createTestCli();
  const customer = await createCustomer(cli.platform);
  const type = await createJobType(cli.platform, { name: "Echo" });
  const runner_id = await createRunner(cli.platform);
  const claim = () => cli.platform.jobs.claimNext({ runner_id, max: 10 });
  await cli.json("jobs", "submit", "--customer", customer, "--type", "Echo");

  expect(await cli.json("queue", "pause")).toMatchObject({ paused_at: expect.any(String) });
  expect((await cli.run("queue")).stdout).toMatch(
    /^PAUSED since \S+Z: iep queue resume lets it go\n\nPRIORITY/,
  );
  expect(await claim()).toEqual([]);
  expect(await cli.json("queue", "resume")).toMatchObject({ paused_at: null });

  await cli.json("job-types", "pause", type);
  expect(await claim()).toEqual([]);
  expect((await cli.run("queue")).stdout).toMatch(/^1 medium +0 +0 +0 +1 +-$/m);
  await cli.json("job-types", "resume", type);
  expect(await cli.platform.waitingJobs.unpark(1_000)).toBe(1);
  expect(await claim()).toHaveLength(1);
  expect((await cli.run("queue", "puase")).exit_code).toBe(2);
});

test("living runners are listed", async () => {
  const cli = await createTestCli();
  expect(await cli.run("runners")).toEqual({
    exit_code: 0,
    stdout: "",
    stderr: "No runner lives: iep runner starts one.\n",
  });
  expect(await cli.json("runners")).toEqual([]);
  const id = await createRunner(cli.platform);
  expect(await cli.json("runners")).toEqual(await cli.platform.runners.list());
  expect((await cli.run("runners")).stdout).toMatch(new RegExp(`^${id}  test  test +1  \\S+Z  \\S+Z$`, "m"));
});

test("with Redis the queue also tells what is in its lists, and without an answer from it the rest", async () => {
  const redis = await startRedis();
  const { platform } = await createTestPlatform({ redis: { url: redis.url, prefix: "jobs" } });
  const cli = await createTestCli({ withPlatform: (work) => work(platform) });
  const customer = await createCustomer(platform);
  await createJobType(platform, { name: "Echo" });
  await cli.json("jobs", "submit", "--customer", customer, "--type", "Echo");

  expect(await cli.json("queue")).toMatchObject({ ready_queue: { 0: 0, 1: 1, 2: 0 } });
  expect((await cli.run("queue")).stdout).toMatch(/^1 medium +1 +0 +0 +0 +\d+\.\d s +1$/m);

  await redis.stop();
  const away = await cli.run("queue");
  expect(away.exit_code).toBe(0);
  expect(away.stdout).toMatch(/^1 medium +1 +0 +0 +0 +\d+\.\d s$/m);
  expect(away.stderr).toContain("The ready queue does not answer");
});

test("a server that is away is exit 1, and says so", async () => {
  const away = new PlatformError("unavailable", "The database does not answer. Try again.");
  const cli = await createTestCli({ withPlatform: () => Promise.reject(away) });
  expect(await cli.run("queue")).toEqual({ exit_code: 1, stdout: "", stderr: `error: ${away.message}\n` });
});
