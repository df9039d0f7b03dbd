import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import type { Job } from "../../src/core/model/job.ts";
import { createTestDatabase } from "../support/database.ts";
import { directoryWith } from "../support/directory-with.ts";
import type { Request } from "../support/http-client.ts";
import { startOtlpReceiver, type ReceivedSpan } from "../support/otlp-receiver.ts";
import { PATIENCE_MS } from "../support/patience.ts";
import type { StartedProcess } from "../support/processes.ts";
import { runSql } from "../support/sql.ts";
import { jobEnded, postCustomer, postJobType, startApi, startRunner } from "../support/stack.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { waitFor } from "../support/wait-for.ts";

// Traces of real processes, by a real HTTP client and to a real receiver of OTLP.

const [SERVER, CLIENT, PRODUCER, CONSUMER] = [2, 3, 4, 5];

/** What tells its caller where the trace goes on, in each place where a processor can run. */
const PROCESSORS = {
  "here.ts": `
    import { defineProcessor } from "innovation-ecosystem-platform/processors";
    export default defineProcessor({
      id: "trace.here",
      run: (input, { trace, attempt, log }) => {
        log.info({}, "traced");
        if (attempt === 1 && input === "fail once") throw new Error("not yet");
        return { ...trace };
      },
    });`,
  // Its own copy of the API would do as well: it is found by a name that all copies share.
  "api.ts": `
    import { defineProcessor } from "innovation-ecosystem-platform/processors";
    import api from ${JSON.stringify(import.meta.resolve("@opentelemetry/api"))};
    export default defineProcessor({
      id: "trace.api",
      run: async () => {
        await new Promise((resolve) => setImmediate(resolve));
        api.trace.getTracer("theirs").startSpan("inner").end();
        return null;
      },
    });`,
  "thread.ts": `
    import { defineProcessor } from "innovation-ecosystem-platform/processors";
    export default defineProcessor({ id: "trace.thread", thread: true, run: (_input, { trace }) => ({ ...trace }) });`,
  "command/processor.json": JSON.stringify({ id: "trace.command", command: ["sh", "run.sh"] }),
  "command/run.sh": `printf '{"output":{"traceparent":"%s","tracestate":"%s"}}\\n' "$TRACEPARENT" "$TRACESTATE"`,
};

interface Stack {
  readonly databaseUrl: string;
  readonly request: Request;
  readonly api: StartedProcess;
  readonly runner: StartedProcess;
  readonly customer: string;
  readonly types: ReadonlyMap<string, string>;
}

async function startStack(settings: Readonly<Record<string, string>>): Promise<Stack> {
  const { url: databaseUrl } = await createTestDatabase();
  const environment = {
    DATABASE_URL: databaseUrl,
    PROCESSORS_DIR: await directoryWith(PROCESSORS),
    OTEL_BSP_SCHEDULE_DELAY: "50",
    ...settings,
  };
  const [runner, { request, api }] = await Promise.all([startRunner(environment), startApi(environment)]);
  const types = new Map<string, string>();
  for (const id of ["trace.here", "trace.api", "trace.thread", "trace.command"])
    types.set(id, await postJobType(request, { name: id, processing_logic_id: id, standard_cost_cents: 7 }));
  return {
    databaseUrl,
    request,
    api,
    runner,
    types,
    customer: await postCustomer(request, "Traced", 100_000),
  };
}

function bodyOf({ types, customer }: Stack, processor: string, input?: string) {
  return { customer_id: customer, job_type_id: types.get(processor), input_data: input ?? null };
}

/** Submits one job with these headers and returns it when it has ended. */
async function run(
  stack: Stack,
  headers: Record<string, string>,
  { processor = "trace.here", input }: { processor?: string; input?: string } = {},
): Promise<Job> {
  const { status, body } = await stack.request<Job>(
    "POST",
    "/jobs",
    bodyOf(stack, processor, input),
    headers,
  );
  expect(status).toBe(201);
  return await jobEnded(stack.request, body.id);
}

const newTrace = (): { traceId: string; spanId: string; traceparent: string } => {
  const hex = (bytes: number) => Buffer.from(crypto.getRandomValues(new Uint8Array(bytes))).toString("hex");
  const [traceId, spanId] = [hex(16), hex(8)];
  return { traceId, spanId, traceparent: `00-${traceId}-${spanId}-01` };
};

describe("with a collector", () => {
  let stack: Stack;
  let receiver: Awaited<ReturnType<typeof startOtlpReceiver>>;
  beforeAll(async () => {
    receiver = await startOtlpReceiver();
    stack = await startStack({
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_EXPORTER_OTLP_HEADERS: "x-team=queue",
      OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=test",
    });
  });

  /** The spans of a trace, when there are so many. */
  async function spansOf(traceId: string, count: number): Promise<ReceivedSpan[]> {
    return await waitFor(
      () => {
        const spans = receiver.spans.filter((span) => span.traceId === traceId);
        return spans.length >= count && spans;
      },
      { timeoutMs: PATIENCE_MS, describe: () => `${count} spans of ${traceId}` },
    );
  }

  test.each(["trace.here", "trace.thread", "trace.command"])(
    "one trace goes from the submission to the charge, and into a processor (%s)",
    async (processor) => {
      const { traceId, spanId, traceparent } = newTrace();
      const job = await run(stack, { traceparent, tracestate: "vendor=1" }, { processor });
      expect(job).toMatchObject({ status: "succeeded", cost_cents: 7 });

      const spans = await spansOf(traceId, 4);
      const named = (name: string) => spans.filter((span) => span.name === name);
      const [[request], [submit], [attempt], [settle]] = [
        named("POST /jobs"),
        named("submit"),
        named(`process ${processor}`),
        named("settle"),
      ];
      expect(spans).toHaveLength(4);
      expect(request).toMatchObject({
        parentId: spanId,
        kind: SERVER,
        attributes: { "http.response.status_code": 201, "http.route": "/jobs" },
        resource: { "service.name": "iep-api", "deployment.environment.name": "test" },
      });
      expect(submit).toMatchObject({
        parentId: request?.spanId,
        kind: PRODUCER,
        attributes: { "messaging.message.id": job.id, "iep.jobs.stored": 1 },
      });
      expect(attempt).toMatchObject({
        parentId: submit?.spanId,
        kind: CONSUMER,
        traceState: "vendor=1",
        attributes: { "messaging.message.id": job.id, "iep.attempt": 1, "iep.outcome": "succeeded" },
        resource: { "service.name": "iep-runner" },
        isError: false,
      });
      expect(settle).toMatchObject({
        parentId: attempt?.spanId,
        kind: CLIENT,
        attributes: { "messaging.message.id": job.id, "iep.charged_cents": 7, "iep.settle": "written" },
      });
      expect(job.output_data).toEqual({
        traceparent: `00-${traceId}-${attempt?.spanId}-01`,
        tracestate: "vendor=1",
      });
      expect(receiver.requests.at(-1)).toMatchObject({ "x-team": "queue" });
    },
  );

  test("what a processor traces by OpenTelemetry's own API is a part of it", async () => {
    const { traceId, traceparent } = newTrace();
    await run(stack, { traceparent }, { processor: "trace.api" });
    const spans = await spansOf(traceId, 5);
    const attempt = spans.find(({ kind }) => kind === CONSUMER);
    expect(spans.find(({ name }) => name === "inner")).toMatchObject({ parentId: attempt?.spanId });
  });

  test("a later attempt has a trace of its own, with a link to the submission", async () => {
    const { traceId, traceparent } = newTrace();
    const job = await run(stack, { traceparent }, { input: "fail once" });
    expect(job).toMatchObject({ status: "succeeded", attempt: 2 });
    // Request, submission, the first attempt and its settle.
    const spans = await spansOf(traceId, 4);
    expect(spans).toHaveLength(4);
    const submit = spans.find(({ name }) => name === "submit");
    const first = spans.find(({ kind }) => kind === CONSUMER);
    expect(first).toMatchObject({ isError: true, attributes: { "error.type": "attempt_failed" } });

    const second = await waitFor(() =>
      receiver.spans.find(
        ({ attributes }) => attributes["messaging.message.id"] === job.id && attributes["iep.attempt"] === 2,
      ),
    );
    expect(second.traceId).not.toBe(traceId);
    expect(second).toMatchObject({ parentId: "", links: [{ traceId, spanId: submit?.spanId }] });
    const ofSecond = await spansOf(second.traceId, 2);
    expect(ofSecond.find(({ name }) => name === "settle")).toMatchObject({
      parentId: second.spanId,
      attributes: { "iep.charged_cents": 7 },
    });
    expect(job.output_data).toEqual({ traceparent: `00-${second.traceId}-${second.spanId}-01` });
  });

  test("a trace that is not to be recorded is not, in no attempt, and goes on all the same", async () => {
    const { traceId, spanId } = newTrace();
    const job = await run(stack, { traceparent: `00-${traceId}-${spanId}-00` }, { input: "fail once" });
    expect(job).toMatchObject({ status: "succeeded", attempt: 2 });
    expect(job.output_data).toMatchObject({
      traceparent: expect.stringMatching(new RegExp(`^00-${traceId}-[0-9a-f]{16}-00$`)) as string,
    });
    // A recorded one that came after it is there.
    const later = newTrace();
    await run(stack, { traceparent: later.traceparent });
    await spansOf(later.traceId, 4);
    expect(receiver.spans.filter((span) => span.traceId === traceId)).toEqual([]);
    const ofJob = receiver.spans.filter(({ attributes }) => attributes["messaging.message.id"] === job.id);
    expect(ofJob).toEqual([]);
  });

  test.each([
    ["no traceparent", {}],
    ["one of zeros", { traceparent: `00-${"0".repeat(32)}-${"0".repeat(16)}-01` }],
    ["one of a version that cannot be", { traceparent: `ff-${"a".repeat(32)}-${"b".repeat(16)}-01` }],
    ["one with more than its version has", { traceparent: `00-${"a".repeat(32)}-${"b".repeat(16)}-01-x` }],
    ["one that is no traceparent", { traceparent: "'; DROP TABLE job_traces; --" }],
  ])("a job with %s is taken, and its trace begins here", async (_what, headers: Record<string, string>) => {
    const job = await run(stack, headers);
    const [, traceId = ""] =
      /^00-([0-9a-f]{32})-/.exec((job.output_data as { traceparent: string }).traceparent) ?? [];
    const spans = await spansOf(traceId, 4);
    expect(spans.find(({ name }) => name === "POST /jobs")).toMatchObject({ parentId: "" });
  });

  test("the jobs of a batch go on from one submission", async () => {
    const { traceId, traceparent } = newTrace();
    const jobs = [bodyOf(stack, "trace.here"), { nothing: true }, bodyOf(stack, "trace.thread")];
    const { body } = await stack.request<{ results: { job?: Job }[] }>(
      "POST",
      "/jobs/batch",
      { jobs },
      { traceparent },
    );
    for (const { job } of body.results) if (job) await jobEnded(stack.request, job.id);
    const spans = await spansOf(traceId, 6);
    const submit = spans.find(({ name }) => name === "submit");
    expect(submit).toMatchObject({
      attributes: { "messaging.batch.message_count": 2, "iep.jobs.stored": 2 },
    });
    const attempts = spans.filter(({ kind }) => kind === CONSUMER);
    expect(attempts.map(({ parentId }) => parentId)).toEqual([submit?.spanId, submit?.spanId]);
  });

  test("a refusal is an error of the submission, not of the server", async () => {
    const { traceId, traceparent } = newTrace();
    const poor = await postCustomer(stack.request, "Poor", 1);
    const { status } = await stack.request(
      "POST",
      "/jobs",
      { ...bodyOf(stack, "trace.here"), customer_id: poor },
      { traceparent },
    );
    expect(status).toBe(402);
    const spans = await spansOf(traceId, 2);
    expect(spans.find(({ name }) => name === "submit")).toMatchObject({
      isError: true,
      attributes: { "error.type": "insufficient_funds" },
    });
    expect(spans.find(({ kind }) => kind === SERVER)).toMatchObject({ isError: false });
  });

  test("the same key finds the job again, with the trace of its first submission", async () => {
    const [first, second] = [newTrace(), newTrace()];
    const send = (traceparent: string) =>
      stack.request<Job>("POST", "/jobs", bodyOf(stack, "trace.here"), {
        traceparent,
        "idempotency-key": first.traceId,
      });
    const { body: job } = await send(first.traceparent);
    expect((await send(second.traceparent)).body.id).toBe(job.id);
    await spansOf(first.traceId, 4);
    expect(await spansOf(second.traceId, 2)).toHaveLength(2);
  });

  test("lines of the log have the trace", async () => {
    const { traceId, traceparent } = newTrace();
    await run(stack, { traceparent });
    const lineOf = (log: StartedProcess, rest: string) =>
      log.waitForLine(new RegExp(`"trace_id":"${traceId}".*${rest}`));
    await lineOf(stack.runner, '"msg":"job finished"');
    await lineOf(stack.runner, '"msg":"traced"');
    const { status } = await stack.request("POST", "/jobs", { nothing: true }, { traceparent });
    await lineOf(stack.api, `"status":${status}`);
    expect(status).toBeGreaterThanOrEqual(400);
  });
});

test("with a sampler that begins no trace, what a client records is recorded in all attempts, and else nothing", async () => {
  const receiver = await startOtlpReceiver();
  const stack = await startStack({
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_TRACES_SAMPLER: "parentbased_always_off",
  });
  expect(await run(stack, {})).toMatchObject({ output_data: {} });
  expect((await runSql(stack.databaseUrl, "SELECT FROM job_traces")).rows).toEqual([]);
  const { traceId, traceparent } = newTrace();
  const job = await run(stack, { traceparent }, { input: "fail once" });
  await waitFor(() => receiver.spans.length === 6, { describe: "two attempts with their settles" });
  const later = receiver.spans.filter((span) => span.traceId !== traceId);
  expect(later.map(({ name }) => name).toSorted()).toEqual(["process trace.here", "settle"]);
  expect(later[0]?.attributes["messaging.message.id"]).toBe(job.id);
});

describe("a collector that does not take spans", () => {
  type Receiver = Awaited<ReturnType<typeof startOtlpReceiver>>;

  /** Jobs go on as ever, however many exports fail, and one line says so. */
  async function expectUnhurried(receiver: Receiver): Promise<Stack> {
    const stack = await startStack({
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_EXPORTER_OTLP_TIMEOUT: "300",
    });
    for (let n = 0; n < 5; n += 1)
      expect(await run(stack, newTrace())).toMatchObject({ status: "succeeded", cost_cents: 7 });
    await stack.runner.waitForLine(/the collector does not take traces/);
    const before = receiver.requests.length;
    await run(stack, newTrace());
    await waitFor(() => receiver.requests.length >= before + 2, { describe: "further exports" });
    expect(stack.runner.stdout.filter((line) => line.includes("collector"))).toHaveLength(1);
    return stack;
  }

  test("costs spans and nothing else, also while it hangs, and at the end", async () => {
    const receiver = await startOtlpReceiver();
    receiver.hang();
    const { runner } = await expectUnhurried(receiver);
    const asked_at = performance.now();
    runner.signal("SIGTERM");
    expect(await runner.exited).toEqual({ code: 0, signal: null });
    expect(performance.now() - asked_at).toBeLessThan(5_000);
  });

  test("gets the next ones when it takes them again, and one line says so", async () => {
    const receiver = await startOtlpReceiver();
    receiver.answer(400);
    const stack = await expectUnhurried(receiver);
    receiver.answer(200);
    await run(stack, newTrace());
    await stack.runner.waitForLine(/the collector takes traces again/);
    expect(receiver.spans.length).toBeGreaterThan(0);
  });
});

describe("what is off", () => {
  const OFF = {};
  /**
   * Says at the end how many files of OpenTelemetry were loaded, besides those of its API, which prom-client
   * loads.
   */
  const COUNT = `process.on("exit", () => {
    const files = Object.keys(require.cache).filter((file) => /@opentelemetry.(?!api.)/.test(file));
    process.stderr.write("opentelemetry files: " + files.length + "\\n");
  });`;

  async function loadedFiles(
    settings: Readonly<Record<string, string>>,
  ): Promise<Stack & { files: number; told: unknown }> {
    const count = join(await temporaryFolder(), "count.cjs");
    await writeFile(count, COUNT);
    const stack = await startStack({ ...settings, NODE_OPTIONS: `--require ${count}` });
    const { output_data } = await run(stack, { traceparent: newTrace().traceparent });
    const counts: number[] = [];
    for (const one of [stack.api, stack.runner]) {
      one.signal("SIGTERM");
      const { code } = await one.exited;
      expect(code).toBe(0);
      const line = one.stderr.find((text) => text.startsWith("opentelemetry files:")) ?? "";
      counts.push(Number(line.replace(/\D/g, "")));
    }
    return {
      ...stack,
      files: settings === OFF ? Math.max(...counts) : Math.min(...counts),
      told: output_data,
    };
  }

  test("costs nothing: no row, no code of OpenTelemetry", async () => {
    const off = await loadedFiles(OFF);
    expect(off).toMatchObject({ files: 0, told: {} });
    const { rows } = await runSql(off.databaseUrl, "SELECT FROM job_traces");
    expect(rows).toEqual([]);
    const receiver = await startOtlpReceiver();
    const on = await loadedFiles({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url });
    expect(on.files).toBeGreaterThan(20);
    expect(receiver.spans.length).toBeGreaterThan(0);
  });
});
