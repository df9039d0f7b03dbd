import { beforeAll, expect, test } from "vitest";
import type { Job } from "../../src/core/model/job.ts";
import { createTestDatabase } from "../support/database.ts";
import { directoryWith } from "../support/directory-with.ts";
import { httpClient, type Request } from "../support/http-client.ts";
import { startIep, type StartedProcess } from "../support/processes.ts";
import {
  jobEnded,
  postCustomer,
  postJobType,
  startApi,
  startRunner,
  type Environment,
} from "../support/stack.ts";
import { waitFor } from "../support/wait-for.ts";

// What a failed attempt leaves, and for whom: everything for the operator, a plain message for the customer.

const IMPORTS = `import { defineProcessor } from "innovation-ecosystem-platform/processors";\n`;
const processorFile = (id: string, run: string): string =>
  `${IMPORTS}export default defineProcessor({ id: "${id}", run: ${run} });\n`;

const FILES = {
  "throws.ts": processorFile(
    "throws",
    `() => { throw new Error("cannot read /srv/secret/place/data.csv", { cause: new TypeError("the inner reason") }); }`,
  ),
  "logs.ts": processorFile(
    "logs",
    `(_input, { log }) => {
      const circular = {}; circular.self = circular;
      log.info({ circular, big: 1n, get bad() { throw new Error("getter"); } }, "hostile fields");
      log.info({ nested: { toJSON() { throw new Error("toJSON"); } } }, "hostile json");
      log.info({ text: "m".repeat(3_000_000) }, "megabytes");
      for (let n = 0; n < 20_000; n += 1) log.info({ n }, "flood");
      return "logged";
    }`,
  ),
  "costs.ts": processorFile("costs", `(_input, ctx) => { ctx.cost(99_999); ctx.cost(99_999); return 1; }`),
  "blocks.ts": processorFile(
    "blocks",
    `() => { const end = Date.now() + 1_500; while (Date.now() < end); return "too late"; }`,
  ),
  "broken.ts": "export default {",
  "trace/processor.json": JSON.stringify({ id: "trace", command: ["./run.sh"] }),
  "trace/run.sh": `#!/bin/sh
echo 'Traceback (most recent call last):' >&2
echo '  File "/srv/secret/place/main.py", line 10, in run' >&2
echo 'ValueError: /srv/secret/place/input.txt is odd' >&2
exit 1
`,
  "flood/processor.json": JSON.stringify({ id: "flood", command: ["./run.sh"] }),
  "flood/run.sh": `#!/bin/sh
yes '{"log":"flood"}' | head -n 100000
echo '{"output":"done"}'
`,
};

let environment: Environment;
let admin: Request;
let customer: Request;
let customer_id: string;
let runner: StartedProcess;

beforeAll(async () => {
  environment = { DATABASE_URL: (await createTestDatabase()).url };
  const { request, api } = await startApi(environment);
  admin = request;
  customer_id = await postCustomer(admin, "Told", 10_000);
  const { body } = await admin<{ api_key: string }>("POST", `/customers/${customer_id}/api-keys`, {});
  const [, url = ""] = await api.waitForLine(/Server listening at (http:[^"]+)/);
  customer = httpClient(url, body.api_key);
  runner = await startRunner({ ...environment, PROCESSORS_DIR: await directoryWith(FILES) });
});

async function runJob(processor: string, options: Readonly<Record<string, unknown>> = {}): Promise<Job> {
  const job_type_id = await postJobType(admin, {
    processing_logic_id: processor,
    standard_cost_cents: 7,
    max_attempts: 1,
    ...options,
  });
  const { body } = await customer<Job>("POST", "/jobs", { job_type_id, input_data: null });
  return await jobEnded(admin, body.id);
}

/** The runner's lines about a job. */
function linesOf(job: Job): Record<string, unknown>[] {
  return runner.stdout
    .filter((line) => line.includes(job.id))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

async function lineOf(job: Job, msg: string): Promise<Record<string, unknown>> {
  return await waitFor(() => linesOf(job).find((line) => line["msg"] === msg), {
    describe: () => `"${msg}" of ${job.id}`,
  });
}

test("a faulty file is named, and the runner serves the others", async () => {
  const [line] = await runner.waitForLine(/.*a processor is left out.*broken\.ts.*/);
  expect(line).toContain('"level":50');
});

test("a failed attempt is one warning with its stack and cause; the customer gets the message without paths", async () => {
  const job = await runJob("throws");
  expect(await lineOf(job, "attempt failed")).toMatchObject({
    level: 40,
    attempt: 1,
    processor: "throws",
    customer_id,
    job_type_id: job.job_type_id,
    code: "attempt_failed",
    message: "cannot read data.csv",
    will_retry: false,
    stack: expect.stringMatching(
      /Error: cannot read \/srv\/secret\/place\/data\.csv.*throws\.ts.*\[cause\]: TypeError: the inner reason/s,
    ) as string,
  });
  expect(linesOf(job).filter(({ msg }) => msg === "attempt failed")).toHaveLength(1);
  expect(await lineOf(job, "job finished")).toMatchObject({ level: 30, status: "failed", cost_cents: 0 });

  expect(job.error?.stack).toContain("the inner reason");
  expect(job.errors[0]?.stack).toContain("throws.ts");
  const show = startIep(["jobs", "show", job.id], { env: environment });
  await show.exited;
  expect(show.stdout.join("\n")).toMatch(/stack of attempt 1\n.*throws\.ts.*the inner reason/s);

  const retried = await admin<Job>("POST", `/jobs/${job.id}/retry`);
  const seen = [
    await customer("GET", `/jobs/${job.id}`),
    await customer("GET", "/jobs?status=failed"),
    await customer("POST", `/jobs/${job.id}/retry`),
    await customer("GET", `/jobs/${retried.body.id}`),
  ];
  for (const { body } of seen) {
    const text = JSON.stringify(body);
    expect(text).not.toContain("stack");
    expect(text).not.toContain("/srv");
  }
  expect(JSON.stringify(seen[0]?.body)).toContain("cannot read data.csv");
});

test("of a command's traceback the customer gets the last line, the operator all of it", async () => {
  const job = await runJob("trace");
  const message = "The command ended with exit code 1: ValueError: input.txt is odd";
  const { body } = await customer<Job>("GET", `/jobs/${job.id}`);
  expect(body.error).toEqual({ code: "attempt_failed", message });
  expect(job.error?.stack).toContain('File "/srv/secret/place/main.py", line 10, in run');
  expect((await lineOf(job, "attempt failed"))["stack"]).toContain("Traceback");
});

test("log lines of any kind fail no attempt, and are bounded", async () => {
  const job = await runJob("logs");
  expect(job).toMatchObject({ status: "succeeded", output_data: "logged" });
  await lineOf(job, "job finished");
  const lines = linesOf(job);
  expect(lines.map(({ msg }) => msg)).toEqual(
    expect.arrayContaining(["hostile fields", "hostile json", "megabytes"]),
  );
  expect(JSON.stringify(lines).length).toBeLessThan(500_000);
  expect(lines.filter(({ msg }) => String(msg).includes("the rest is left out"))).toHaveLength(1);
});

test("log lines of a command are bounded as well", async () => {
  const job = await runJob("flood");
  expect(job).toMatchObject({ status: "succeeded", output_data: "done" });
  await lineOf(job, "job finished");
  expect(JSON.stringify(linesOf(job)).length).toBeLessThan(1_000_000);
});

test("a cost above the quote is one warning", async () => {
  const job = await runJob("costs");
  expect(job.cost_cents).toBe(7);
  expect(await lineOf(job, "job finished")).toMatchObject({ status: "succeeded", cost_cents: 7 });
  const warnings = linesOf(job).filter(({ level }) => level === 40);
  expect(warnings).toMatchObject([{ cost_cents: 99_999, estimated_cost_cents: 7 }]);
});

test("a processor that keeps the event loop busy beyond its timeout has timed out", async () => {
  const job = await runJob("blocks", { timeout_seconds: 1 });
  expect(job).toMatchObject({
    status: "failed",
    error: { code: "timed_out" },
    output_data: null,
    cost_cents: null,
  });
});
