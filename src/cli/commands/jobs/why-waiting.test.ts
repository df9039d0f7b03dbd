import { beforeEach, expect, test } from "vitest";
import { v7 as uuidv7 } from "uuid";
import { createCustomer, createJobType, createRunner } from "../../../../test/support/test-platform.ts";
import { createTestCli } from "../../../../test/support/test-cli.ts";
import { submitJob } from "../../../core/use-cases/submit-jobs.ts";
import type { WaitingFor } from "../../../core/model/job.ts";

let cli: Awaited<ReturnType<typeof createTestCli>>;
let customer_id: string;
let job_type_id: string;

beforeEach(async () => {
  cli = await createTestCli();
  customer_id = await createCustomer(cli.platform);
  job_type_id = await createJobType(cli.platform, { name: "Echo" });
});

const submit = async (run_at?: string): Promise<string> =>
  (await submitJob(cli.platform, { customer_id, job_type_id, input_data: 1, run_at })).id;

/** What people are told of a job that waits: by `show`, and in the cell of the list. */
async function expectWaits(id: string, waiting_for: WaitingFor, shown: RegExp, listed: RegExp) {
  expect(await cli.json("jobs", "show", id)).toMatchObject({ waiting_for });
  const { stdout } = await cli.run("jobs", "show", id);
  expect(/^waits +(.*)$/m.exec(stdout)?.[1]).toMatch(shown);
  const { stdout: list } = await cli.run("jobs", "list", "--customer", customer_id);
  expect(new RegExp(`^${id}  pending  medium    Echo +\\d+s  (.*)$`, "m").exec(list)?.[1]).toMatch(listed);
  expect(Math.max(...list.split("\n").map((line) => line.length))).toBeLessThanOrEqual(100);
}

test("a job waits for a runner, for one that serves it, and then for its turn", async () => {
  const id = await submit();
  await expectWaits(id, "runner", /^no runner is alive \(iep runner\)$/, /^no runner serves it$/);
  const other = { id: uuidv7(), host: "test", version: "test", slots: 1, processor_ids: ["other"] };
  await cli.platform.runners.register(other);
  const unserved = /^no living runner serves it: processor echo, priority medium \(iep runners\)$/;
  await expectWaits(id, "runner", unserved, /^no runner serves it$/);
  await createRunner(cli.platform);
  await expectWaits(id, "slot", /^for its turn$/, /^its turn$/);
});

test("a job waits for the end of a pause, of its type and of the queue", async () => {
  await createRunner(cli.platform);
  const id = await submit();
  await cli.json("job-types", "pause", "Echo");
  const type = /^the job type Echo is paused since \S+Z \(iep job-types resume 'Echo'\)$/;
  await expectWaits(id, "resume", type, /^paused$/);
  await cli.json("queue", "pause");
  await expectWaits(id, "resume", /^the queue is paused since \S+Z \(iep queue resume\)$/, /^paused$/);
});

test("a job waits below the limit of its customer, of its type or of both, and after submit as well", async () => {
  const runner_id = await createRunner(cli.platform);
  await submit();
  expect(await cli.platform.jobs.claimTurns({ runner_id, max: 1 })).toHaveLength(1);
  const id = await submit();
  await cli.json("customers", "update", customer_id, "--running-limit", "1");
  const ofCustomer = `1 of its customer (iep customers update ${customer_id} --running-limit <n|none>)`;
  const ofType = "1 of its type (iep job-types update 'Echo' --running-limit <n|none>)";
  const told = (...limits: string[]): RegExp =>
    new RegExp(`^as many jobs run as may: ${limits.join(" or ").replaceAll(/[()|]/g, "\\$&")}$`);
  await expectWaits(id, "limit", told(ofCustomer), /^running limit$/);
  await cli.json("job-types", "update", "Echo", "--running-limit", "1");
  await expectWaits(id, "limit", told(ofCustomer, ofType), /^running limit$/);
  await cli.json("customers", "update", customer_id, "--running-limit", "none");
  await expectWaits(id, "limit", told(ofType), /^running limit$/);
  const submitted = await cli.run("jobs", "submit", "--customer", customer_id, "--type", "Echo");
  expect(submitted.stdout).toMatch(/^waits +as many jobs run as may: 1 of its type/m);

  const waiting = ["--wait", "--timeout", "3"];
  const followed = await cli.run("jobs", "submit", "--customer", customer_id, "--type", "Echo", ...waiting);
  expect(followed.stderr).toContain("waits: as many jobs run as may: 1 of its type");
  await cli.json("job-types", "update", "Echo", "--running-limit", "none");
  await expectWaits(id, "slot", /^for its turn$/, /^its turn$/);
});

test("a job waits for its time: a later start, or the next attempt, with what the last one said", async () => {
  const runner_id = await createRunner(cli.platform);
  const retried = await submit();
  const later = await submit(new Date(Date.now() + 3_630_000).toISOString());
  await expectWaits(later, "run_at", /^until \S+Z$/, /^starts in 1h$/);
  const [job] = await cli.platform.jobs.claimTurns({ runner_id, max: 1 });
  await cli.platform.jobs.settle([
    {
      id: retried,
      attempt: job?.attempt ?? 0,
      kind: "retry",
      delay_ms: 3_630_000,
      error: { code: "broken", message: "It broke." },
    },
  ]);
  await expectWaits(
    retried,
    "run_at",
    /^until \S+Z, after an attempt that failed$/,
    /^again in 1h; brok.*…$/,
  );
});

test("a job that lost two runners waits for one that runs nothing else", async () => {
  const id = await submit();
  for (let lost = 0; lost < 2; lost += 1) {
    const runner_id = await createRunner(cli.platform);
    expect(await cli.platform.jobs.claimTurns({ runner_id, max: 1, idle: true })).toHaveLength(1);
    await cli.platform.runners.deregister(runner_id);
    await cli.platform.runners.rescue({ lease_ms: 60_000, lostMax: 3, leasesMax: 20 });
  }
  await createRunner(cli.platform);
  const shown = /^for a runner that runs nothing else: it lost two runners, and runs apart$/;
  await expectWaits(id, "idle_runner", shown, /^an idle runner; …$|^an idle runner/);
});

test("a job that runs or has ended waits for nothing", async () => {
  const runner_id = await createRunner(cli.platform);
  const id = await submit();
  const [job] = await cli.platform.jobs.claimTurns({ runner_id, max: 1 });
  expect((await cli.run("jobs", "show", id)).stdout).not.toMatch(/^waits/m);
  await cli.platform.jobs.settle([{ id, attempt: job?.attempt ?? 0, kind: "succeeded", output: 1 }]);
  expect((await cli.run("jobs", "show", id)).stdout).not.toMatch(/^waits/m);
  expect((await cli.run("jobs", "list", "--customer", customer_id)).stdout).toMatch(/Echo +\d+s$/m);
});
