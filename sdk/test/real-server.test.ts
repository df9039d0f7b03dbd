import { once } from "node:events";
import { beforeAll, describe, expect, test } from "vitest";
import { createTestApi, ADMIN_KEY, type TestApi } from "../../src/api/test-api.ts";
import { defineProcessor } from "../../src/processors/sdk/define-processor.ts";
import { FatalError } from "../../src/processors/sdk/fatal-error.ts";
import { atTheEnd } from "../../test/support/cleanup.ts";
import { createGate } from "../../test/support/gate.ts";
import { startTcpProxy } from "../../test/support/tcp-proxy.ts";
import {
  brokenPromises,
  createCustomer,
  createJobType,
  createTestPlatform,
} from "../../test/support/test-platform.ts";
import { startTestRunner } from "../../test/support/test-runner.ts";
import {
  createClient,
  IdempotencyKeyReusedError,
  InputInvalidError,
  InsufficientFundsError,
  InvalidApiKeyError,
  JobAlreadyEndedError,
  JobCancelledError,
  JobFailedError,
  NotFoundError,
  UnknownJobTypeError,
  WaitTimeoutError,
  type AnyJobTypes,
  type Client,
} from "../src/create-client.ts";

let api: TestApi;
let url: string;
let customer_id: string;
let iep: Client<AnyJobTypes>;
const gate = createGate();
const late = createGate();

const keyOf = async (id: string): Promise<string> =>
  (await api.ask("POST", `/customers/${id}/api-keys`)).body.api_key;

beforeAll(async () => {
  api = await createTestApi();
  customer_id = await createCustomer(api.platform);
  const processors = [
    defineProcessor({ id: "shout", run: (input) => ({ got: input }) }),
    defineProcessor({
      id: "steps",
      run(_input, context) {
        context.progress(0.5, "half");
        return "done";
      },
    }),
    defineProcessor({
      id: "refuses",
      run: () => {
        throw new FatalError("There is nothing to do.", { code: "nothing_to_do" });
      },
    }),
    defineProcessor({
      id: "late",
      async run() {
        await late.opened;
        return "at last";
      },
    }),
    defineProcessor({
      id: "stuck",
      run: async (_input, { signal }) => {
        await Promise.race([gate.opened, once(signal, "abort")]);
      },
    }),
  ];
  for (const { id } of processors)
    await createJobType(api.platform, { name: `Type ${id}`, processing_logic_id: id });
  await createJobType(api.platform, {
    name: "Type strict",
    processing_logic_id: "shout",
    input_schema: { type: "object", required: ["n"] },
  });
  // A platform of its own: what it tells reaches the API through PostgreSQL alone.
  const runner = await createTestPlatform({ databaseUrl: api.databaseUrl });
  startTestRunner(runner, processors);
  const upkeep = setInterval(() => void runner.platform.readyQueue.refill(), 200);
  atTheEnd(async () => clearInterval(upkeep));
  url = await api.api.listen({ host: "127.0.0.1", port: 0 });
  atTheEnd(async () => gate.open());
  iep = createClient({ baseUrl: url, apiKey: await keyOf(customer_id) });
});

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

describe("run", () => {
  test("returns the job that succeeded, with its output and its cost", async () => {
    const job = await iep.jobs.run("Type shout", { text: "½" }, { priority: 0 });
    expect(job).toMatchObject({
      status: "succeeded",
      output_data: { got: { text: "½" } },
      cost_cents: 10,
      priority: 0,
      customer_id,
    });
  });

  test("tells the progress", async () => {
    const told: unknown[] = [];
    const job = await iep.jobs.run("Type steps", {}, { onProgress: (progress) => void told.push(progress) });
    expect(job.output_data).toBe("done");
    expect(told).toContainEqual({ fraction: 0.5, message: "half" });
  });

  test("throws what became of a job that failed, or that somebody cancelled", async () => {
    const failure = await iep.jobs.run("Type refuses", {}).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(JobFailedError);
    expect(failure).toMatchObject({
      code: "nothing_to_do",
      message: expect.stringMatching(/failed, and cost nothing: There is nothing to do\.$/) as string,
      job: { status: "failed", cost_cents: null },
    });
    const running = iep.jobs.run("Type stuck", {}, { idempotencyKey: "to be cancelled" });
    const found = await iep.jobs.submit("Type stuck", {}, { idempotencyKey: "to be cancelled" });
    await iep.jobs.cancel(found.id);
    await expect(running).rejects.toThrow(JobCancelledError);
  });

  test("aborted, it throws the reason, and the job is cancelled and costs nothing", async () => {
    const reason = new Error("the user left");
    for (const abortAt of ["queued", "started"]) {
      const controller = new AbortController();
      const before = await iep.wallet.get();
      const idempotencyKey = `abort when ${abortAt}`;
      const running = iep.jobs.run("Type stuck", {}, { signal: controller.signal, idempotencyKey });
      const caught = running.catch((error: unknown) => error);
      const { id } = await iep.jobs.submit("Type stuck", {}, { idempotencyKey });
      for await (const event of iep.jobs.events(id)) if (event.type === abortAt) break;
      controller.abort(reason);
      expect(await caught).toBe(reason);
      expect(await iep.jobs.get(id)).toMatchObject({ status: "cancelled", cost_cents: null });
      expect(await iep.wallet.get()).toMatchObject({
        current_balance_cents: before.current_balance_cents,
        pending_charges_cents: before.pending_charges_cents,
      });
    }
  });

  test("aborted while it submits, it still cancels what was submitted", async () => {
    const proxy = await startTcpProxy(url);
    const slow = createClient({ baseUrl: proxy.url, apiKey: await keyOf(customer_id) });
    await slow.jobs.idOf("Type stuck");
    proxy.delayAnswers(300);
    const controller = new AbortController();
    const running = slow.jobs.run(
      "Type stuck",
      {},
      { signal: controller.signal, idempotencyKey: "early abort" },
    );
    const caught = running.catch((error: unknown) => error);
    await expect
      .poll(async () => (await all(iep.jobs.list({ type: "Type stuck", status: "running" }))).length)
      .toBeGreaterThan(0);
    controller.abort();
    expect(await caught).toMatchObject({ name: "AbortError" });
    const job = await iep.jobs.submit("Type stuck", {}, { idempotencyKey: "early abort" });
    expect(job.status).toBe("cancelled");
  });

  test("aborted without cancelling, the job goes on", async () => {
    const controller = new AbortController();
    const options = { signal: controller.signal, cancelOnAbort: false, idempotencyKey: "goes on" };
    const caught = iep.jobs.run("Type stuck", {}, options).catch((error: unknown) => error);
    const { id } = await iep.jobs.submit("Type stuck", {}, { idempotencyKey: "goes on" });
    controller.abort();
    expect(await caught).toMatchObject({ name: "AbortError" });
    expect(["pending", "running"]).toContain((await iep.jobs.get(id)).status);
    expect(await iep.jobs.cancel(id)).toMatchObject({ status: "cancelled" });
    // It is what was asked for: a second time is no error.
    expect(await iep.jobs.cancel(id)).toMatchObject({ status: "cancelled" });
  });
});

describe("step by step", () => {
  test("submit, follow the events from the first or behind one, wait", async () => {
    const { id, status } = await iep.jobs.submit("Type steps", {});
    expect(status).toBe("pending");
    const events = await all(iep.jobs.events(id));
    expect([events[0]?.type, events[1]?.type, events.at(-1)]).toMatchObject([
      "queued",
      "started",
      { type: "done", status: "succeeded", cost_cents: 10 },
    ]);
    expect((await all(iep.jobs.events(id, { after: 2 }))).map((event) => event.id)).toEqual(
      events.slice(2).map((event) => event.id),
    );
    expect(await iep.jobs.wait(id)).toMatchObject({ status: "succeeded", output_data: "done" });
  });

  test("waiting may have an end; the job goes on", async () => {
    const { id } = await iep.jobs.submit("Type stuck", {});
    const failure = await iep.jobs.wait(id, { wait_ms: 300 }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(WaitTimeoutError);
    expect(failure).toMatchObject({ jobId: id });
    expect(["pending", "running"]).toContain((await iep.jobs.get(id)).status);
    await iep.jobs.cancel(id);
  });

  test("retry makes a new job; what has succeeded cannot be cancelled", async () => {
    const failure = await iep.jobs.run("Type refuses", {}).catch((error: unknown) => error);
    if (!(failure instanceof JobFailedError)) throw failure;
    const again = await iep.jobs.retry(failure.job.id);
    expect(again).toMatchObject({ retry_of: failure.job.id });
    expect(await iep.jobs.wait(again.id)).toMatchObject({ status: "failed" });
    const { id } = await iep.jobs.run("Type shout", 1);
    const refusal = await iep.jobs.cancel(id).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(JobAlreadyEndedError);
    expect(refusal).toMatchObject({ job_status: "succeeded", requestId: expect.any(String) as string });
  });

  test("a batch: each on its own, in order", async () => {
    const results = await iep.jobs.batch([
      { type: "Type shout", input: 1 },
      { type: "Type strict", input: {} },
      { type: "Type strict", input: { n: 3 }, priority: 2 },
    ]);
    expect(results).toMatchObject([
      { job: { input_data: 1 } },
      {},
      { job: { input_data: { n: 3 }, priority: 2 } },
    ]);
    expect(results[1]?.error).toBeInstanceOf(InputInvalidError);
    expect(results[1]?.error?.errors).toMatchObject([
      { pointer: expect.stringContaining("/input_data") as string },
    ]);
  });

  test("lists read page by page, and filters name the type", async () => {
    const typed = await all(iep.jobs.list({ type: "Type shout", limit: 1 }));
    const ids = typed.map(({ id }) => id);
    expect(ids.length).toBeGreaterThan(2);
    expect(ids).toEqual(ids.toSorted().toReversed());
    for await (const job of iep.jobs.list({ limit: 2 })) {
      expect(await iep.jobs.get(job.id)).toMatchObject({ id: job.id });
      break;
    }
  });

  test("an estimate costs nothing", async () => {
    expect(await iep.jobs.estimate("Type shout", 1)).toMatchObject({
      estimated_cost_cents: 10,
      affordable: true,
      refusal: null,
    });
  });
});

describe("money", () => {
  test("the wallet, and its entries page by page", async () => {
    const { current_balance_cents } = await iep.wallet.get();
    const entries = await all(iep.wallet.entries({ limit: 2 }));
    expect(entries[0]?.balance_after_cents).toBe(current_balance_cents);
    expect(entries.at(-1)).toMatchObject({ amount_cents: 1_000_000, reference: "start" });
  });

  test("an operator says whose wallet", async () => {
    const admin = createClient({ baseUrl: url, apiKey: ADMIN_KEY });
    await expect(admin.wallet.get()).rejects.toThrow(/^customer_id is missing/);
    expect(await admin.wallet.get({ customer_id })).toMatchObject({ customer_id });
    expect(await admin.jobs.submit("Type shout", 1, { customer_id })).toMatchObject({ customer_id });
  });

  test("402 says what is needed and what there is", async () => {
    const poor = createClient({ baseUrl: url, apiKey: await keyOf(await createCustomer(api.platform, 4)) });
    const refusal = await poor.jobs.run("Type shout", 1).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(InsufficientFundsError);
    expect(refusal).toMatchObject({ required_cents: 10, available_cents: 4, status: 402 });
  });
});

describe("what is refused", () => {
  test("a name that there is not: those that there are are listed", async () => {
    const refusal = await iep.jobs.run("Type shuot", 1).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(UnknownJobTypeError);
    expect(refusal).toMatchObject({ message: expect.stringContaining('"Type shout"') as string });
  });

  test("a wrong key, another's job, a key that was used for another submission", async () => {
    const stranger = createClient({ baseUrl: url, apiKey: "iep_wrong" });
    await expect(stranger.jobs.list().next()).rejects.toThrow(InvalidApiKeyError);
    await expect(iep.jobs.get(crypto.randomUUID())).rejects.toThrow(NotFoundError);
    await expect(iep.jobs.wait(crypto.randomUUID())).rejects.toThrow(NotFoundError);
    await iep.jobs.submit("Type shout", 1, { idempotencyKey: "once" });
    const other = iep.jobs.submit("Type shout", 2, { idempotencyKey: "once" });
    await expect(other).rejects.toThrow(IdempotencyKeyReusedError);
  });
});

test("whatever else the API does is there as a typed call", async () => {
  const { data } = await iep.call("GET /job-types", { query: { limit: 2 } });
  expect(data).toHaveLength(2);
  const { id } = await iep.jobs.run("Type steps", 1);
  expect(await iep.call("GET /jobs/{id}/logs", { path: { id } })).toMatchObject({ data: [] });
});

test("answers that are lost on the way: each submission is one job, and is charged once", async () => {
  const proxy = await startTcpProxy(url);
  const shaky = createClient({ baseUrl: proxy.url, apiKey: await keyOf(customer_id), retries: 5 });
  const type = await shaky.jobs.idOf("Type shout");
  const lost = proxy.loseAnswers("POST /jobs HTTP", 2);
  const before = (await all(iep.jobs.list({ type }))).length;
  for (let n = 0; n < 6; n += 1) await shaky.jobs.run(type, { n });
  expect(lost.count).toBeGreaterThan(2);
  expect((await all(iep.jobs.list({ type }))).length).toBe(before + 6);
});

test("a hundred runs at the same time: each gets its own output", async () => {
  const numbers = Array.from({ length: 100 }, (_, n) => n);
  const jobs = await Promise.all(numbers.map((n) => iep.jobs.run("Type shout", { n })));
  expect(jobs.map((job) => job.output_data)).toEqual(numbers.map((n) => ({ got: { n } })));
});

test("connections that are cut while a job runs: it is one job, and its end is heard of", async () => {
  const proxy = await startTcpProxy(url);
  const shaky = createClient({ baseUrl: proxy.url, apiKey: await keyOf(customer_id) });
  const blind = shaky.jobs.run("Type late", 1, { idempotencyKey: "cut, blind" });
  const following = shaky.jobs.run("Type late", 2, { idempotencyKey: "cut", onProgress: () => undefined });
  for (let n = 0; n < 3; n += 1) {
    await expect
      .poll(async () => (await all(iep.jobs.list({ type: "Type late", status: "running" }))).length)
      .toBe(2);
    proxy.cut();
  }
  late.open();
  expect([await blind, await following]).toMatchObject([
    { output_data: "at last", input_data: 1 },
    { output_data: "at last", input_data: 2 },
  ]);
  expect(await all(iep.jobs.list({ type: "Type late" }))).toHaveLength(2);
});

test("after all that, every promise holds", async () => {
  expect(await brokenPromises(api.platform)).toEqual([]);
});
