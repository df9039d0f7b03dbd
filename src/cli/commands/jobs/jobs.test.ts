import { v7 as uuidv7 } from "uuid";
import { beforeAll, expect, test } from "vitest";
import { createCustomer, createJobType, createRunner } from "../../../../test/support/test-platform.ts";
import { waitFor } from "../../../../test/support/wait-for.ts";
import type { ClaimedJob, Job, Outcome } from "../../../core/model/job.ts";
import { createTestCli } from "../../../../test/support/test-cli.ts";

let cli: Awaited<ReturnType<typeof createTestCli>>;
let customer: string;
let runner_id: string;

beforeAll(async () => {
  cli = await createTestCli();
  customer = await createCustomer(cli.platform);
  runner_id = await createRunner(cli.platform);
  await createJobType(cli.platform, { name: "Echo", standard_cost_cents: 1205 });
});

const submit = (...more: string[]): string[] => [
  "jobs",
  "submit",
  "--customer",
  customer,
  "--type",
  "Echo",
  ...more,
];

test("a job is submitted by the name or the id of its type, and shown", async () => {
  const byName = (await cli.json(
    ...submit("--input", '{"n":1}', "--priority", "low", "--max-attempts", "9"),
  )) as Job;
  expect(byName).toMatchObject({
    customer_id: customer,
    status: "pending",
    priority: 2,
    input_data: { n: 1 },
    max_attempts: 9,
    estimated_cost_cents: 1205,
  });
  const byId = ["jobs", "submit", "--customer", customer, "--type", byName.job_type_id.toUpperCase()];
  expect(await cli.json(...byId)).toMatchObject({
    job_type_id: byName.job_type_id,
    input_data: {},
    priority: 1,
  });

  expect(await cli.json("jobs", "show", byName.id)).toEqual(byName);
  const { stdout } = await cli.run("jobs", "show", byName.id);
  expect(stdout).toMatch(/^job type +Echo$/m);
  expect(stdout).toMatch(/^held +12\.05 EUR$/m);
  expect(stdout).toMatch(/^input +\{"n":1\}$/m);
  await cancelWaiting();
});

test("a job type is found by name beyond the first page", async () => {
  await createJobType(cli.platform, { name: "Oldest", standard_cost_cents: 0 });
  for (let i = 0; i < 201; i += 1) await createJobType(cli.platform);
  expect(await cli.json("jobs", "submit", "--customer", customer, "--type", "Oldest")).toMatchObject({
    status: "pending",
  });
  await cancelWaiting();
});

test("input comes from standard input, and may wait for its time", async () => {
  async function* stdin(): AsyncGenerator<string> {
    yield '{"from":"stdin"}';
  }
  const piped = await createTestCli({ stdin: stdin(), withPlatform: (work) => work(cli.platform) });
  const run_at = new Date(Date.now() + 3_600_000).toISOString();
  const job = await piped.json(...submit("--input", "-", "--run-at", run_at));
  expect(job).toMatchObject({ input_data: { from: "stdin" } });
  expect(Date.parse((job as Job).run_at)).toBe(Date.parse(run_at));
});

test("--wait answers the job once it succeeded", async () => {
  const waiting = cli.run(...submit("--input", '{"n":1}', "--wait"));
  await endNext((job) => ({ ...job, kind: "succeeded", output: { doubled: 2 } }));
  const { exitCode, stdout, stderr } = await waiting;
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^charged +12\.05 EUR$/m);
  expect(stdout).toMatch(/^output +\{"doubled":2\}$/m);
  expect(stderr).toMatch(/^submitted \S+\n(pending\n)?(running\n)?succeeded\n$/);
});

test("--wait is exit 4 when the job did not succeed, and still answers it", async () => {
  const waiting = cli.run(...submit("--wait", "--json"));
  await endNext((job) => ({ ...job, kind: "failed", error: { code: "broken", message: "It broke." } }));
  const { exitCode, stdout, stderr } = await waiting;
  expect({ exitCode, stderr }).toEqual({ exitCode: 4, stderr: "" });
  expect(JSON.parse(stdout)).toMatchObject({ status: "failed", error: { code: "broken" }, cost_cents: null });
});

test("jobs are listed by customer, status and type", async () => {
  const other = await createCustomer(cli.platform);
  const [first, second] = [
    (await cli.json("jobs", "submit", "--customer", other, "--type", "Echo")) as Job,
    (await cli.json("jobs", "submit", "--customer", other, "--type", "Oldest")) as Job,
  ];
  const list = async (...filter: string[]): Promise<string[]> => {
    const jobs = (await cli.json("jobs", "list", "--customer", other, ...filter)) as Job[];
    return jobs.map(({ id }) => id);
  };
  expect(await list()).toEqual([second.id, first.id]);
  expect(await list("--limit", "1")).toEqual([second.id]);
  expect(await list("--type", "Echo")).toEqual([first.id]);
  expect(await list("--status", "failed")).toEqual([]);

  const { stdout } = await cli.run("jobs", "list", "--customer", other, "--type", "Echo");
  expect(stdout.split("\n")[1]).toMatch(
    new RegExp(`^${first.id}  pending  medium    Echo +\\d+s  its turn$`),
  );
  expect(await list("--since", "1m")).toEqual([second.id, first.id]);
  expect(await list("--since", new Date(Date.now() + 60_000).toISOString())).toEqual([]);
  expect(await list("--cursor", second.id)).toEqual([first.id]);
  const page = await cli.run("jobs", "list", "--customer", other, "--limit", "1");
  expect(page.stderr).toBe(`There may be more. The next page: --cursor ${second.id}\n`);
  expect(await cli.run("jobs", "list", "--customer", uuidv7())).toEqual({
    exitCode: 0,
    stdout: "",
    stderr: "No jobs found.\n",
  });
  await cancelWaiting();
});

test("a refusal is exit 1 and carries its members", async () => {
  const poor = await createCustomer(cli.platform, 5);
  const { exitCode, stdout, stderr } = await cli.run(
    "jobs",
    "submit",
    "--customer",
    poor,
    "--type",
    "Echo",
    "--json",
  );
  expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
  expect(JSON.parse(stderr)).toMatchObject({
    error: { code: "insufficient_funds", required_cents: 1205, available_cents: 5, errors: [] },
  });
});

test("a type, a customer or a job that is not there is exit 1", async () => {
  const id = uuidv7();
  for (const verb of ["show", "cancel", "retry"])
    expect(await cli.run("jobs", verb, id)).toMatchObject({
      exitCode: 1,
      stderr: `error: There is no job ${id}.\n`,
    });
  for (const argv of [
    submit("--type", "Ehco"),
    ["jobs", "list", "--type", id],
    ["jobs", "submit", "--customer", id, "--type", "Echo"],
  ])
    expect(await cli.run(...argv)).toMatchObject({ exitCode: 1, stdout: "" });
});

test("every wrong option of submit is named", async () => {
  const argv = [
    "jobs",
    "submit",
    "--input",
    "{",
    "--priority",
    "urgent",
    "--run-at",
    "soon",
    "--max-attempts",
    "0",
  ];
  const { exitCode, stderr } = await cli.run(...argv, "--json");
  expect(exitCode).toBe(2);
  const { error } = JSON.parse(stderr) as { error: { errors: { option: string }[] } };
  expect(error.errors.map(({ option }) => option)).toEqual([
    "--customer",
    "--type",
    "--priority",
    "--input",
    "--run-at",
    "--max-attempts",
  ]);
});

test("a job is cancelled once, and its hold is released", async () => {
  const payer = await createCustomer(cli.platform, 2_000);
  const { id } = (await cli.json("jobs", "submit", "--customer", payer, "--type", "Echo")) as Job;
  expect(await cli.json("jobs", "cancel", id)).toMatchObject({ id, status: "cancelled", cost_cents: null });
  expect(await cli.platform.wallets.findByCustomerId(payer)).toMatchObject({
    current_balance_cents: 2_000,
    pending_charges_cents: 0,
  });
  const again = await cli.run("jobs", "cancel", id);
  expect(again).toEqual({
    exitCode: 1,
    stdout: "",
    stderr: `error: Job ${id} has ended: it is cancelled.\n`,
  });
  const { stderr } = await cli.run("jobs", "cancel", id, "--json");
  expect(JSON.parse(stderr)).toMatchObject({ error: { code: "job_already_ended", job_status: "cancelled" } });
});

test("a retry is a new job with a hold of its own, and --wait follows it", async () => {
  const payer = await createCustomer(cli.platform, 2_000);
  const old = (await cli.json(
    "jobs",
    "submit",
    "--customer",
    payer,
    "--type",
    "Echo",
    "--input",
    '{"n":2}',
  )) as Job;
  expect((await cli.run("jobs", "retry", old.id)).stderr).toContain("only a failed or cancelled job");
  await cli.json("jobs", "cancel", old.id);
  const retried = (await cli.json("jobs", "retry", old.id)) as Job;
  expect(retried).toMatchObject({ retry_of: old.id, input_data: { n: 2 }, status: "pending" });
  expect(retried.id).not.toBe(old.id);
  expect(await cli.platform.wallets.findByCustomerId(payer)).toMatchObject({ pending_charges_cents: 1205 });
  const poor = await cli.run("jobs", "retry", old.id, "--json");
  expect(JSON.parse(poor.stderr)).toMatchObject({ error: { code: "insufficient_funds" } });
  await cli.json("jobs", "cancel", retried.id);

  const waiting = cli.run("jobs", "retry", old.id, "--wait");
  await endNext((job) => ({ ...job, kind: "succeeded", output: { tripled: 6 } }));
  const { exitCode, stdout, stderr } = await waiting;
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(new RegExp(`^retry of +${old.id}$`, "m"));
  expect(stdout).toMatch(/^output +\{"tripled":6\}$/m);
  expect(stderr).toMatch(/^submitted \S+\n(pending\n)?(running\n)?succeeded\n$/);
});

test("the list fits into 100 columns, whatever the names and reasons are, and has the reason", async () => {
  const payer = await createCustomer(cli.platform);
  await createJobType(cli.platform, { name: `Long ${"name ".repeat(20)}` });
  const type = `long ${"NAME ".repeat(20)}`;
  const { id } = (await cli.json("jobs", "submit", "--customer", payer, "--type", type)) as Job;
  await endNext((job) => ({
    ...job,
    kind: "failed",
    error: { code: "input_invalid", message: `the text ${"is far too long ".repeat(20)}` },
  }));
  const { stdout } = await cli.run("jobs", "list", "--customer", payer);
  expect(stdout).toMatch(new RegExp(`^${id}  failed .*input_invalid: `, "m"));
  expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(100);
});

test("a job type is found in any case, and a mistyped one is guessed", async () => {
  expect(await cli.json(...submit("--type", "eCHO"))).toMatchObject({ status: "pending" });
  for (const argv of [submit("--type", "Ehco"), ["job-types", "show", "ehco"]])
    expect((await cli.run(...argv)).stderr).toContain('Did you mean "Echo"?');
  const { id } = (await cli.json("job-types", "show", "echo")) as { id: string };
  expect(await cli.json("job-types", "pause", "echo")).toMatchObject({ id, paused_at: expect.any(String) });
  expect(await cli.json("job-types", "resume", "ECHO")).toMatchObject({ id, paused_at: null });
  expect(await cli.json("job-types", "update", "Echo", "--max-attempts", "4")).toMatchObject({
    id,
    max_attempts: 4,
  });
  await createJobType(cli.platform, { name: "ECHO" });
  expect((await cli.run("job-types", "show", "echo")).stderr).toContain('Did you mean "ECHO" or "Echo"?');
  expect(await cli.json("job-types", "show", "Echo")).toMatchObject({ id });
  await cancelWaiting();
});

test("--idempotency-key: run again, it returns the first job; with another input it is refused", async () => {
  const keyed = (n: string) => submit("--idempotency-key", "import 1", "--input", n);
  const first = (await cli.json(...keyed("1"))) as Job;
  expect(await cli.json(...keyed("1"))).toEqual(first);
  expect((await cli.run(...keyed("1"))).stderr).toContain("no job was created");
  expect(JSON.parse((await cli.run(...keyed("2"), "--json")).stderr)).toMatchObject({
    error: { code: "idempotency_key_reused" },
  });
  expect((await cli.run(...submit("--idempotency-key", ""))).exitCode).toBe(2);
  await cancelWaiting();
});

test("--wait says why a job waits, and --timeout ends the waiting, not the job", async () => {
  await cli.json("queue", "pause");
  const { exitCode, stdout, stderr } = await cli.run(...submit("--wait", "--timeout", "3"));
  await cli.json("queue", "resume");
  expect(exitCode).toBe(4);
  const [, id = ""] = /^submitted (\S+)$/m.exec(stderr) ?? [];
  expect(stdout).toMatch(new RegExp(`^id +${id}\nstatus +pending$`, "m"));
  expect(stderr).toMatch(/^waits: the queue is paused since \S+ \(iep queue resume\)$/m);
  expect(stderr).toContain(`Stopped waiting after 3 s. Job ${id} goes on. Look at it: iep jobs show ${id}.`);
  expect(await cli.platform.jobs.findById(id)).toMatchObject({ status: "pending" });
  expect((await cli.run(...submit("--timeout", "3"))).stderr).toContain("--timeout needs --wait");
  await cancelWaiting();
});

test("Ctrl-C ends the waiting with exit 130, and says that the job goes on", async () => {
  const keys = new AbortController();
  const asked = await createTestCli({
    withPlatform: (work) => work(cli.platform),
    interruption: () => keys.signal,
  });
  const waiting = asked.run(...submit("--wait"));
  await waitFor(async () => (await cli.platform.jobs.list({ status: "pending" }, { limit: 1 })).length > 0);
  keys.abort();
  const { exitCode, stderr } = await waiting;
  expect(exitCode).toBe(130);
  expect(stderr).toMatch(/^Stopped waiting\. Job \S+ goes on\./m);
  await cancelWaiting();
});

test("a refusal speaks of money as the tables do", async () => {
  const poor = await createCustomer(cli.platform, 5);
  const refused = await cli.run("jobs", "submit", "--customer", poor, "--type", "Oldest", "--input", "{}");
  expect(refused.exitCode).toBe(0);
  const { stderr } = await cli.run(...submit("--customer", poor));
  expect(stderr).toContain(
    "This needs 12.05 EUR and 0.05 EUR are available (0.00 EUR are held for open jobs)",
  );
  await cancelWaiting();
});

/** What a runner does, for the next job that waits. */
async function endNext(outcome: (job: Pick<ClaimedJob, "id" | "attempt">) => Outcome): Promise<void> {
  const { jobs } = cli.platform;
  const [job] = await waitFor(async () => {
    const claimed = await jobs.claimTurns({ runner_id, max: 1 });
    return claimed.length > 0 && claimed;
  });
  if (!job) throw new Error("no job was claimed");
  expect(await jobs.settle([outcome({ id: job.id, attempt: job.attempt })])).toEqual([]);
}

/** Leaves nothing that a later test would take for its own. */
async function cancelWaiting(): Promise<void> {
  const { jobs } = cli.platform;
  const claimed = await jobs.claimTurns({ runner_id, max: 100 });
  await jobs.settle(claimed.map(({ id, attempt }): Outcome => ({ id, attempt, kind: "cancelled" })));
}
