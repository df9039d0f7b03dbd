import { cp, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import type { Job } from "../src/core/model/job.ts";
import { atTheEnd } from "../test/support/cleanup.ts";
import { createTestDatabase } from "../test/support/database.ts";
import { httpClient, type Request } from "../test/support/http-client.ts";
import { startIep, startProcess } from "../test/support/processes.ts";
import { redisNamespace } from "../test/support/redis.ts";
import {
  postCustomer,
  postJobType,
  expectCleanAudit,
  jobEnded,
  startApi,
  startRunner,
  type Environment,
} from "../test/support/stack.ts";
import { temporaryFolder } from "../test/support/temporary-folder.ts";
import { lacksPython } from "./python.ts";

const EXAMPLES = fileURLToPath(new URL(".", import.meta.url));
const START_MONEY_CENTS = 1_000;
/** In this checkout the SDK is TypeScript: nobody has built it. */
const FLAGS = ["--conditions=iep-source", "--import", "tsx"];

let environment: Environment;
let url: string;
let request: Request;
let customer_id: string;

/** An API, a customer with money, and what a runner needs. Each test starts its own runner. */
beforeAll(async () => {
  const redis = redisNamespace();
  environment = {
    DATABASE_URL: (await createTestDatabase()).url,
    REDIS_URL: redis.url,
    QUEUE_KEY_PREFIX: redis.prefix,
    PROCESSORS_DIR: await exampleProcessors(),
  };
  const started = await startApi(environment);
  ({ request } = started);
  [, url = ""] = await started.api.waitForLine(/Server listening at (http:\/\/127\.0\.0\.1:\d+)/);
  customer_id = await postCustomer(request, "Reader of examples", START_MONEY_CENTS);
});

describe("processors", () => {
  const cases: [name: string, input: unknown, output: unknown, cost_cents: number][] = [
    ["text.reverse", { text: "stressed" }, { text: "desserts" }, 10],
    ["prime.factors", { n: 360 }, { n: 360, factors: [2, 2, 2, 3, 3, 5] }, 10],
  ];
  if (!lacksPython)
    cases.push([
      "calendar.workdays",
      { from: "2026-01-01", to: "2026-03-31" },
      { days: 90, workdays: 64 },
      3,
    ]);

  test("each runs from a folder of its own, and is charged its price or what it metered", async () => {
    const runner = await startRunner(environment);
    for (const [processing_logic_id, input_data, output_data, cost_cents] of cases) {
      const job = await submit(processing_logic_id, input_data);
      expect(await jobEnded(request, job.id)).toMatchObject({ status: "succeeded", output_data, cost_cents });
    }
    runner.signal("SIGTERM");
    expect(await runner.exited).toEqual({ code: 0, signal: null });
  });
});

test("submitting in a loop: every line is a job, and a second run submits none of them again", async () => {
  await startRunner(environment);
  const TYPE = await postJobType(request, { processing_logic_id: "text.reverse", standard_cost_cents: 2 });
  const { body } = await request<{ api_key: string }>("POST", `/customers/${customer_id}/api-keys`, {
    name: "loop",
  });
  const file = join(await temporaryFolder(), "texts.txt");
  await writeFile(file, "one\ntwo\n\nthree\n");
  const run = () => runExample("submit-in-a-loop.ts", [file], { API: url, KEY: body.api_key, TYPE });

  const lines = [
    'line 1: succeeded, 2 cents: {"text":"eno"}',
    'line 2: succeeded, 2 cents: {"text":"owt"}',
    'line 3: succeeded, 2 cents: {"text":"eerht"}',
  ];
  expect(await run()).toEqual(lines);
  expect(await run()).toEqual(lines);
  const mine = await httpClient(url, body.api_key)<{ data: Job[] }>("GET", `/jobs?job_type_id=${TYPE}`);
  expect(mine.body.data).toHaveLength(3);
});

test("the SDK: jobs run by name, with their output, their cost, and what is left", async () => {
  await startRunner(environment);
  const processor = { name: "Text statistics", processing_logic_id: "text.statistics" };
  await postJobType(request, { ...processor, standard_cost_cents: 7 });
  const own = await postCustomer(request, "User of the SDK", 20);
  const { body } = await request<{ api_key: string }>("POST", `/customers/${own}/api-keys`, { name: "sdk" });
  const run = () =>
    runExample("run-with-sdk.ts", ["One fish.", "Two red fish."], { API: url, KEY: body.api_key });

  expect(await run()).toEqual(["2 words, 7 cents", "3 words, 7 cents", "6 cents of EUR are left"]);
  expect(await run()).toEqual(["top up: 7 cents are needed, 6 are there"]);

  await postJobType(request, {
    name: "Reverse",
    processing_logic_id: "text.reverse",
    standard_cost_cents: 1,
  });
  const types = startIep(["job-types", "types"], { env: environment });
  expect(await types.exited).toMatchObject({ code: 0 });
  const text = types.stdout.join("\n").replaceAll(/\s+/g, " ");
  expect(text).toContain('"Reverse": { input: { "text": string; }; output: { "text": string; }; };');
  expect(text).toContain('"Text statistics": { input: { "text": string; }; output: { "characters": number; ');
});

test("a foreign producer on Redis: what it pushes to the high list runs before what waited longer", async () => {
  const earlier = await submit("echo", "earlier");
  // It takes a moment, so that the times tell which was first.
  const hurried = await submit("simulate", { duration_ms: 50 });
  // Unknown ids and an id that is pushed twice do no harm.
  const ids = [hurried.id, crypto.randomUUID(), hurried.id];
  expect(await runExample("push-to-redis.ts", ["0", ...ids], environment)).toEqual([
    "pushed 3; the list has 3",
  ]);
  await startRunner({ ...environment, RUNNER_CONCURRENCY: "1" });
  const [first, second] = [await jobEnded(request, hurried.id), await jobEnded(request, earlier.id)];
  expect([first, second]).toMatchObject([
    { status: "succeeded", attempt: 1, priority: 1 },
    { status: "succeeded", attempt: 1, priority: 1 },
  ]);
  expect(Date.parse(first.started_at ?? "")).toBeLessThan(Date.parse(second.started_at ?? ""));
});

test("a reader of the outbox: each event is delivered once, and one whose delivery failed comes again", async () => {
  const delivered: { id: string; customer_id: string; kind: string }[] = [];
  let isBroken = true;
  const hook = createServer((incoming, response) => {
    let body = "";
    incoming.on("data", (chunk: Buffer) => (body += chunk.toString()));
    incoming.on("end", () => {
      if (!isBroken) delivered.push(JSON.parse(body) as (typeof delivered)[number]);
      response.writeHead(isBroken ? 500 : 204).end();
    });
  });
  await new Promise<void>((resolve) => void hook.listen(0, "127.0.0.1", resolve));
  atTheEnd(() => new Promise((resolve) => void hook.close(resolve)));
  const address = hook.address();
  const port = typeof address === "object" && address ? address.port : 0;
  const read = { ...environment, WEBHOOK: `http://127.0.0.1:${port}/events` };

  const poor = await postCustomer(request, "Nearly poor", 100);
  await request("PATCH", `/customers/${poor}/wallet`, { low_balance_cents: 50 });
  const adjustment = { amount_cents: -60, reference: "correction", reason: "an example" };
  expect((await request("POST", `/customers/${poor}/wallet/adjustments`, adjustment)).status).toBe(201);

  await expect(runExample("read-outbox.ts", [], read)).rejects.toThrow(/returned 500 for event/);
  isBroken = false;
  expect(await runExample("read-outbox.ts", [], read)).toEqual(["delivered 1"]);
  expect(await runExample("read-outbox.ts", [], read)).toEqual(["delivered 0"]);
  expect(delivered).toMatchObject([
    {
      kind: "low_balance",
      customer_id: poor,
      payload: { current_balance_cents: 40, low_balance_cents: 50 },
    },
  ]);
  await expectCleanAudit(environment);
});

test.skipIf(lacksPython)(
  "a client in Python that was generated from openapi.json submits, waits and reads an error",
  async () => {
    await startRunner(environment);
    const TYPE = await postJobType(request, { processing_logic_id: "text.reverse", standard_cost_cents: 2 });
    const customer = await postCustomer(request, "Reader of Python", 100);
    const { body } = await request<{ api_key: string }>("POST", `/customers/${customer}/api-keys`, {});
    const run = async (): Promise<readonly string[]> => {
      const env = { API: url, KEY: body.api_key, TYPE, PYTHONDONTWRITEBYTECODE: "1" };
      const example = startProcess("python3", ["examples/python/submit.py", "one", "zwei ä"], { env });
      const { code } = await example.exited;
      if (code !== 0) throw new Error([...example.stdout, ...example.stderr].join("\n"));
      return example.stdout;
    };
    const lines = [
      "one: succeeded, 2 cents: {'text': 'eno'}",
      "zwei ä: succeeded, 2 cents: {'text': 'ä iewz'}",
      "404 not_found, see /docs/errors/not_found",
    ];
    expect(await run()).toEqual(["Reader of Python has 100 cents", ...lines]);
    expect(await run()).toEqual(["Reader of Python has 96 cents", ...lines]);
  },
);

/** A copy, as a reader would make one; without the Python one where there is no Python. */
async function exampleProcessors(): Promise<string> {
  const folder = await temporaryFolder();
  await cp(join(EXAMPLES, "processors"), folder, {
    recursive: true,
    filter: (path) => !(lacksPython && path.includes("workdays")),
  });
  return folder;
}

async function submit(processing_logic_id: string, input_data: unknown): Promise<Job> {
  const job_type_id = await postJobType(request, { processing_logic_id, standard_cost_cents: 10 });
  return (await request<Job>("POST", "/jobs", { customer_id, job_type_id, input_data })).body;
}

/** Runs an example as its first comment says. Returns the lines that it printed; throws with them when it fails. */
async function runExample(
  file: string,
  args: readonly string[],
  env: Environment,
): Promise<readonly string[]> {
  const example = startProcess(process.execPath, [...FLAGS, `examples/${file}`, ...args], { env });
  const { code } = await example.exited;
  if (code !== 0) throw new Error([...example.stdout, ...example.stderr].join("\n"));
  return example.stdout;
}
