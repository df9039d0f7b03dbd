import { newId } from "../../../core/lib/new-id.ts";
import { expect, test } from "vitest";
import { startRedis } from "../../../../test/support/redis.ts";
import {
  createCustomer,
  createJobType,
  createRunner,
  createTestPlatform,
} from "../../../../test/support/test-platform.ts";
import { createTestCli } from "../../../../test/support/test-cli.ts";

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
    ready_queue_status: "not_used",
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
  const claim = () => cli.platform.jobs.claimTurns({ runner_id, max: 10 });
  await cli.json("jobs", "submit", "--customer", customer, "--type", "Echo");

  expect(await cli.json("queue", "pause")).toMatchObject({ paused_at: expect.any(String) });
  expect((await cli.run("queue")).stdout).toMatch(
    /^PAUSED since \S+Z\. Resume: iep queue resume\n\nPRIORITY/,
  );
  expect(await claim()).toEqual([]);
  expect(await cli.json("queue", "resume")).toMatchObject({ paused_at: null });

  await cli.json("job-types", "pause", type);
  expect(await claim()).toEqual([]);
  expect((await cli.run("queue")).stdout).toMatch(/^1 medium +0 +0 +0 +1 +-$/m);
  await cli.json("job-types", "resume", type);
  expect(await cli.platform.waitingJobs.unpark(1_000)).toBe(1);
  expect(await claim()).toHaveLength(1);
  expect((await cli.run("queue", "puase")).exitCode).toBe(2);
});

test("with Redis the queue also tells what is in its lists, and without an answer from it the rest", async () => {
  const redis = await startRedis();
  const { platform } = await createTestPlatform({ redis: { url: redis.url, prefix: "jobs" } });
  const cli = await createTestCli({ withPlatform: (work) => work(platform) });
  const customer = await createCustomer(platform);
  await createJobType(platform, { name: "Echo" });
  await cli.json("jobs", "submit", "--customer", customer, "--type", "Echo");

  expect(await cli.json("queue")).toMatchObject({
    ready_queue: { 0: 0, 1: 1, 2: 0 },
    ready_queue_status: "ok",
  });
  expect((await cli.run("queue")).stdout).toMatch(/^1 medium +1 +0 +0 +0 +\d+\.\d s +1$/m);

  await redis.stop();
  const away = await cli.run("queue");
  expect(away.exitCode).toBe(0);
  expect(away.stdout).toMatch(/^1 medium +1 +0 +0 +0 +\d+\.\d s$/m);
  expect(away.stderr).toContain("The ready queue cannot be reached");
});

test("job types that no living runner serves are told: when they are created, and by the queue", async () => {
  const cli = await createTestCli();
  const customer = await createCustomer(cli.platform);
  await cli.platform.runners.register({
    id: newId(),
    host: "test",
    version: "test",
    slots: 1,
    processor_ids: ["echo"],
  });
  const create = [
    "job-types",
    "create",
    "--name",
    "Rare",
    "--processing-logic-id",
    "rare",
    "--cost-cents",
    "1",
  ];
  expect((await cli.run(...create)).stderr).toContain("No living runner has the processor rare");
  await cli.run("jobs", "submit", "--customer", customer, "--type", "Rare");
  expect((await cli.run("queue")).stdout).toContain(
    "No runner serves Rare: 1 jobs wait for the processor rare.",
  );
});
