import { PassThrough } from "node:stream";
import { beforeAll, beforeEach, expect, test } from "vitest";
import { v7 as uuidv7 } from "uuid";
import { createCustomer, createJobType, createRunner } from "../../../../test/support/test-platform.ts";
import { createTestCli } from "../../../../test/support/test-cli.ts";
import { waitFor } from "../../../../test/support/wait-for.ts";
import type { Job } from "../../../core/model/job.ts";
import type { LogLevel } from "../../../core/model/job-log.ts";
import { submitJob } from "../../../core/use-cases/submit-jobs.ts";
import { waitForJob } from "./wait-for-job.ts";
import { createLiveLine } from "../../terminal/live-line.ts";

let cli: Awaited<ReturnType<typeof createTestCli>>;
let runner_id: string;
let customer_id: string;
let job_type_id: string;
let job: Job;

beforeAll(async () => {
  cli = await createTestCli();
  customer_id = await createCustomer(cli.platform);
  job_type_id = await createJobType(cli.platform);
  runner_id = await createRunner(cli.platform);
});

beforeEach(async () => {
  job = await submitJob(cli.platform, { customer_id, job_type_id, input_data: {} });
  await cli.platform.jobs.setStarted(job.id, runner_id);
});

async function log(seq: number, level: LogLevel, message: string): Promise<void> {
  const at = new Date().toISOString();
  await cli.platform.jobLog.write([{ id: job.id, attempt: 1, seq, at, level, message }]);
}

async function progress(fraction: number, message?: string): Promise<void> {
  const at = new Date().toISOString();
  await cli.platform.jobLog.write([{ id: job.id, attempt: 1, seq: undefined, at, fraction, message }]);
}

const end = () => cli.platform.jobs.settle([{ id: job.id, attempt: 1, kind: "succeeded", output: null }]);

test("lines are shown with what a terminal would act on as its code", async () => {
  await log(1, "info", "read\u001b[2J\nmore");
  await log(2, "error", "turned \u202e round");
  const { stdout, exitCode } = await cli.run("jobs", "logs", job.id);
  expect(exitCode).toBe(0);
  const lines = stdout.trimEnd().split("\n");
  expect(lines).toHaveLength(2);
  expect(lines[0]).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+ +1 {2}info {3}read\\u001b\[2J\\nmore$/);
  expect(lines[1]).toMatch(/1 {2}error {2}turned \\u202e round$/);
  expect(await cli.json("jobs", "logs", job.id, "--level", "warn")).toMatchObject([
    { attempt: 1, level: "error", message: "turned \u202e round" },
  ]);
  expect(await cli.json("jobs", "logs", job.id, "--attempt", "2")).toEqual([]);
});

test("a job that is not there has no log, and a wrong level is named", async () => {
  expect(await cli.run("jobs", "logs", uuidv7())).toMatchObject({ exitCode: 1 });
  const { stderr, exitCode } = await cli.run("jobs", "logs", job.id, "--level", "loud");
  expect(exitCode).toBe(2);
  expect(stderr).toContain("level");
});

test("--follow goes on until the job ends", async () => {
  await log(1, "info", "first");
  const seen: string[] = [];
  const following = cli.run("jobs", "logs", job.id, "--follow").then((result) => {
    seen.push("ended");
    return result;
  });
  await log(2, "info", "second");
  expect(seen).toEqual([]);
  await log(3, "info", "last");
  await end();
  const { stdout } = await following;
  expect(
    stdout
      .trimEnd()
      .split("\n")
      .map((line) => line.split(" ").at(-1)),
  ).toEqual(["first", "second", "last"]);
});

test("show has the progress", async () => {
  await progress(0.425, "page 6\u0007 of 12");
  const { stdout } = await cli.run("jobs", "show", job.id);
  expect(stdout).toMatch(/^progress +42 % {2}page 6\\u0007 of 12$/m);
  expect(await cli.json("jobs", "show", job.id)).toMatchObject({
    progress: { fraction: 0.425, message: "page 6\u0007 of 12" },
  });
});

test("watch has a line for each change, and ends with the job", async () => {
  await progress(0.25, "first");
  const stdout = new PassThrough();
  let text = "";
  stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
  const line = createLiveLine(stdout);
  const watching = waitForJob(cli.platform, job.id, {
    onLook: ({ status, progress: said }) => line.show(`${status} ${said?.message ?? ""}`),
  });
  await waitFor(() => text.includes("running first\n"), { describe: "the first line" });
  await progress(0.5, "second");
  await waitFor(() => text.includes("running second\n"), { describe: "the second line" });
  await end();
  await watching;
  expect(text).toBe("running first\nrunning second\nsucceeded second\n");

  const { stdout: shown, exitCode } = await cli.run("jobs", "watch", job.id);
  expect(shown).toMatch(/^succeeded {2}50 % {2}second$/m);
  expect(shown).toMatch(/^status +succeeded$/m);
  expect(exitCode).toBe(0);
  expect(await cli.json("jobs", "watch", job.id)).toMatchObject({ status: "succeeded" });
});

test("on a terminal the line is written over, and never wraps", () => {
  const stdout = Object.assign(new PassThrough(), { isTTY: true, columns: 10 });
  let text = "";
  stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
  const line = createLiveLine(stdout);
  line.show("one");
  line.show("one");
  line.show("much too long");
  line.end();
  expect(text).toBe("\rone\u001b[K\rmuch too \u001b[K\n");
});

test("watch says with its exit code that the job did not succeed", async () => {
  const error = { code: "no", message: "no" };
  await cli.platform.jobs.settle([{ id: job.id, attempt: 1, kind: "failed", error }]);
  expect((await cli.run("jobs", "watch", job.id)).exitCode).toBe(4);
});
