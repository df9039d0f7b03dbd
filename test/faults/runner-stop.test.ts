import { beforeAll, expect, test } from "vitest";
import type { Job } from "../../src/core/model/job.ts";
import { createTestDatabase } from "../support/database.ts";
import { directoryWith } from "../support/directory-with.ts";
import type { Request } from "../support/http-client.ts";
import { PATIENCE_MS } from "../support/patience.ts";
import { startIep, type StartedProcess } from "../support/processes.ts";
import {
  ADMIN_API_KEY,
  expectCleanAudit,
  jobEnded,
  postCustomer,
  postJobType,
  startApi,
  startRunner,
  type Environment,
} from "../support/stack.ts";
import { startTcpProxy } from "../support/tcp-proxy.ts";
import { waitFor } from "../support/wait-for.ts";

// A runner is stopped as supervisors stop it: it is gone before they lose patience, and nobody pays for it.

/** What `docker stop` waits. */
const SUPERVISOR_PATIENCE_MS = 10_000;

/** Tells its process id by its log, and goes on for ever. */
const command = (onTerm: string): string => `#!/bin/sh
${onTerm}
echo "{\\"log\\":\\"pid $$\\"}"
while :; do sleep 0.05; done
`;

const FILES = {
  "plain/processor.json": JSON.stringify({ id: "plain", command: ["./run.sh"] }),
  "plain/run.sh": command(""),
  "exits/processor.json": JSON.stringify({ id: "exits", command: ["./run.sh"] }),
  "exits/run.sh": command("trap 'exit 143' TERM"),
  "fails/processor.json": JSON.stringify({ id: "fails", command: ["./run.sh"] }),
  "fails/run.sh": command("trap 'exit 1' TERM"),
  "deaf/processor.json": JSON.stringify({ id: "deaf", command: ["./run.sh"] }),
  "deaf/run.sh": command("trap '' TERM INT HUP"),
};

let environment: Environment;
let request: Request;
let customer_id: string;
let directory: string;

beforeAll(async () => {
  environment = { DATABASE_URL: (await createTestDatabase()).url };
  ({ request } = await startApi(environment));
  customer_id = await postCustomer(request, "Stopped", 10_000);
  directory = await directoryWith(FILES);
});

async function submit(processing_logic_id: string, input_data: unknown = null): Promise<string> {
  const job_type_id = await postJobType(request, {
    processing_logic_id,
    standard_cost_cents: 7,
    max_attempts: 1,
  });
  const { body } = await request<Job>("POST", "/jobs", { customer_id, job_type_id, input_data });
  return body.id;
}

const jobOf = async (id: string): Promise<Job> => (await request<Job>("GET", `/jobs/${id}`)).body;

async function start(settings: Environment = {}): Promise<StartedProcess> {
  return await startRunner({ ...environment, PROCESSORS_DIR: directory, ...settings });
}

async function running(id: string): Promise<void> {
  await waitFor(async () => (await jobOf(id)).status === "running", {
    timeoutMs: PATIENCE_MS,
    describe: () => `job ${id} to run`,
  });
}

async function stop(runner: StartedProcess, signal: NodeJS.Signals = "SIGTERM"): Promise<number> {
  const asked_at = performance.now();
  runner.signal(signal);
  expect(await runner.exited).toEqual({ code: 0, signal: null });
  return performance.now() - asked_at;
}

/** Waits again, its attempt excused, with no word against it. */
async function expectGivenBack(id: string): Promise<void> {
  expect(await jobOf(id)).toMatchObject({
    status: "pending",
    attempt: 1,
    excused_attempts: 1,
    errors: [],
    error: null,
  });
  await request("POST", `/jobs/${id}/cancel`);
}

test("with default settings, jobs of any kind are given back before a supervisor loses patience", async () => {
  const ids = [
    await submit("simulate", { duration_ms: 60_000 }),
    await submit("deaf"),
    await submit("plain"),
  ];
  const runner = await start();
  await Promise.all(ids.map(running));
  expect(await stop(runner)).toBeLessThan(SUPERVISOR_PATIENCE_MS);
  await runner.waitForLine(/"level":30,.*"stopped, gave back 3"/);
  for (const id of ids) await expectGivenBack(id);
  await expectCleanAudit(environment);
});

test("RUNNER_STOP_SECONDS is what running jobs get: who needs less ends, who needs more is given back", async () => {
  const ids = [
    await submit("simulate", { duration_ms: 1_500 }),
    await submit("simulate", { duration_ms: 60_000 }),
  ];
  const [short = "", long = ""] = ids;
  const runner = await start({ RUNNER_STOP_SECONDS: "4" });
  await Promise.all(ids.map(running));
  const stopped_ms = await stop(runner);
  expect(stopped_ms).toBeGreaterThan(3_500);
  expect(stopped_ms).toBeLessThan(6_500);
  expect(await jobEnded(request, short)).toMatchObject({ status: "succeeded" });
  await expectGivenBack(long);
});

test.each([
  ["plain", "before", "SIGTERM"],
  ["plain", "after", "SIGTERM"],
  ["plain", "after", "SIGKILL"],
  ["exits", "before", "SIGTERM"],
  ["exits", "after", "SIGTERM"],
  // A moment before the runner, an exit code of its own cannot be told from a fault of its own.
  ["fails", "after", "SIGTERM"],
] as const)(
  "a supervisor signals a command (%s), too, %s the runner, by %s: the job is given back",
  async (processor, when, signal) => {
    const id = await submit(processor);
    const runner = await start();
    const [, pid] = await runner.waitForLine(/"msg":"pid (\d+)"/);
    if (when === "after") {
      runner.signal("SIGTERM");
      await runner.waitForLine(/stopping: no new claims/);
    }
    process.kill(Number(pid), signal);
    if (when === "before") runner.signal("SIGTERM");
    expect(await runner.exited).toEqual({ code: 0, signal: null });
    await expectGivenBack(id);
  },
  60_000,
);

test("a command that somebody else ends by a signal has failed", async () => {
  const id = await submit("plain");
  const runner = await start();
  const [, pid] = await runner.waitForLine(/"msg":"pid (\d+)"/);
  process.kill(Number(pid), "SIGTERM");
  expect(await jobEnded(request, id)).toMatchObject({
    status: "failed",
    error: { code: "attempt_failed", message: "The command ended with SIGTERM" },
  });
});

test("the database is silent: the runner and the api end in time all the same", async () => {
  const proxy = await startTcpProxy(environment["DATABASE_URL"] ?? "");
  const id = await submit("simulate", { duration_ms: 60_000 });
  const throughProxy = { ...environment, DATABASE_URL: proxy.url };
  const runner = await start({ ...throughProxy, RUNNER_STOP_SECONDS: "2" });
  const { api } = await startApi(throughProxy);
  await running(id);
  proxy.blackHole();
  const asked_at = performance.now();
  for (const one of [runner, api]) one.signal("SIGTERM");
  await Promise.all([runner.exited, api.exited]);
  expect(performance.now() - asked_at).toBeLessThan(5_000);
  await runner.waitForLine(/stopped before all was written/);
});

test.each(["runner", "api"])("%s: a stop while it waits for its servers ends it at once", async (name) => {
  const env = { DATABASE_URL: "postgres://iep:iep@127.0.0.1:1/iep", ADMIN_API_KEY, PORT: "0" };
  const waiting = startIep([name], { env });
  await waiting.waitForLine(/does not answer/);
  expect(await stop(waiting)).toBeLessThan(3_000);
});
