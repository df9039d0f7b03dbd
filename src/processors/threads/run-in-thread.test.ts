import { monitorEventLoopDelay } from "node:perf_hooks";
import { join } from "node:path";
import { expect, test } from "vitest";
import { failureNow } from "../../../test/support/failure-now.ts";
import { waitFor } from "../../../test/support/wait-for.ts";
import type { Processor } from "../sdk/processor.ts";
import { FatalError, InputError } from "../sdk/fatal-error.ts";
import { importUserModules } from "../user-modules/import-user-modules.ts";
import { loadProcessors } from "../loader/registry.ts";
import { shippedFile } from "../shipped/shipped.ts";
import simulate from "../shipped/simulate.ts";
import { runForTest, testContext } from "../sdk/test-context.ts";
import { directoryWith } from "../../../test/support/directory-with.ts";
import { runInThread } from "./run-in-thread.ts";
import { ThreadPool } from "./thread-pool.ts";

/** A user's TypeScript file, far from our package, with this as its `run`. */
async function threadProcessor(run: string, pool: ThreadPool = new ThreadPool()): Promise<Processor> {
  const directory = await directoryWith({
    "a.ts": `
      import { defineProcessor, FatalError, InputError } from "innovation-ecosystem-platform/processors";
      import { threadId } from "node:worker_threads";
      import { z } from "zod";
      import { double } from "./_double.ts";
      enum Unused { One = 1 } // What Node's own type stripping cannot do.
      const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
      const spin = () => { for (;;); };
      export default defineProcessor({
        id: "test.thread", thread: true, input: z.object({ n: z.number().default(1) }),
        run: ${run},
      });`,
    "_double.ts": "export const double = (n: number): number => 2 * n;",
  });
  const [imported] = await importUserModules([join(directory, "a.ts")]);
  if (imported === undefined || "error" in imported) throw new Error("not imported", { cause: imported });
  return runInThread(imported.module["default"] as Processor, imported.file, pool);
}

const failureOf = (attempt: Promise<unknown>): Promise<unknown> =>
  attempt.then(
    (answer) => {
      throw new Error("succeeded", { cause: answer });
    },
    (error: unknown) => error,
  );

test("a user's TypeScript file runs in a thread, with the schema's defaults and its own imports", async () => {
  const processor = await threadProcessor("({ n }) => ({ doubled: double(n), thread: threadId })");
  const answer = await runForTest(processor, {});
  expect(answer).toMatchObject({ doubled: 2 });
  expect((answer as { thread: number }).thread).toBeGreaterThan(0);
  await expect(runForTest(processor, { n: "x" })).rejects.toBeInstanceOf(InputError);
});

test("the registry puts those into threads that ask for it", async () => {
  const file = (id: string, thread: string): string => `
    import { defineProcessor } from "innovation-ecosystem-platform/processors";
    import { isMainThread } from "node:worker_threads";
    export default defineProcessor({ id: "${id}", ${thread} run: () => isMainThread });`;
  const directory = await directoryWith({
    "a.ts": file("in.thread", "thread: true,"),
    "b.mjs": file("in.main", ""),
    "c.js": file("in.thread.js", "thread: true,"),
  });
  const { processors: registry } = await loadProcessors({ directory });
  const run = async (id: string): Promise<unknown> => {
    const processor = registry.get(id);
    if (processor === undefined) throw new Error("not loaded");
    return await runForTest(processor, null);
  };
  expect(await Promise.all(["in.thread", "in.main", "in.thread.js"].map(run))).toEqual([false, true, false]);
});

test("a processor that ships can run in a thread", async () => {
  const processor = runInThread(simulate, shippedFile(simulate), new ThreadPool());
  expect(await runForTest(processor, { cpu_ms: 5, output: "worked" })).toBe("worked");
});

test("progress, cost and log reach the context; the latest progress is never lost", async () => {
  const processor = await threadProcessor(`(_input, ctx) => {
    for (let n = 0; n <= 10_000; n += 1) ctx.progress(n / 10_000, "at " + n);
    ctx.cost(10);
    ctx.cost(20);
    ctx.log.warn({ f: () => 1, n: 1 }, "careful");
    return ctx.job.id + ctx.attempt;
  }`);
  const context = testContext({ job: { attempt: 3 } });
  expect(await runForTest(processor, {}, context)).toBe(`${context.job.id}3`);
  const { progress, logs, cost_cents } = context.recorded;
  expect(progress.at(-1)).toEqual({ fraction: 1, message: "at 10000" });
  expect(progress.length).toBeLessThan(1_000);
  expect(logs).toEqual([{ level: "warn", fields: { n: 1 }, message: "careful" }]);
  expect(cost_cents).toBe(20);
});

test("an error keeps its kind, code and pointers", async () => {
  const run = (expression: string): Promise<unknown> =>
    threadProcessor(`() => { throw ${expression}; }`).then((processor) =>
      failureOf(runForTest(processor, {})),
    );
  const fatal = await run("new FatalError('no', { code: 'gone' })");
  expect(fatal).toBeInstanceOf(FatalError);
  expect(fatal).toMatchObject({ message: "no", code: "gone" });
  const input = await run("new InputError('bad', [{ pointer: '/n', message: 'odd' }])");
  expect(input).toBeInstanceOf(InputError);
  expect(input).toMatchObject({ message: "bad", errors: [{ pointer: "/n", message: "odd" }] });
  const plain = await run("Object.assign(new RangeError('far'), { code: 'too_far' })");
  expect(plain).toMatchObject({ name: "RangeError", message: "far", code: "too_far" });
  expect((plain as Error).stack).toContain("a.ts");
  expect(await run("'text'")).toMatchObject({ message: "text" });
  expect(await run("new TypeError('at ' + ctx)")).toMatchObject({ name: "ReferenceError" });
});

test("an answer that is not plain data fails its attempt", async () => {
  const processor = await threadProcessor("() => ({ f() {} })");
  expect(await failureOf(runForTest(processor, {}))).toMatchObject({ code: "output_invalid" });
});

test("a cost that is none fails its attempt", async () => {
  const processor = await threadProcessor("(_input, ctx) => ctx.cost(1.5)");
  expect(await failureOf(runForTest(processor, {}))).toBeInstanceOf(Error);
});

test("an abort reaches the signal in the thread, and the thread goes on to the next attempt", async () => {
  const pool = new ThreadPool({ threadsMax: 1 });
  const processor = await threadProcessor(
    `async ({ n }, ctx) => {
      if (n === 2) return threadId;
      ctx.log.info({}, "thread " + threadId);
      await new Promise((_resolve, reject) => ctx.signal.addEventListener("abort", () => reject(ctx.signal.reason)));
    }`,
    pool,
  );
  const stop = new AbortController();
  const context = testContext({ signal: stop.signal });
  const attempt = runForTest(processor, {}, context);
  await waitFor(() => context.recorded.logs.length > 0);
  const reason = new Error("cancelled");
  stop.abort(reason);
  expect(await failureOf(attempt)).toBe(reason);
  const threadId = await runForTest(processor, { n: 2 });
  expect(context.recorded.logs[0]?.message).toBe(`thread ${String(threadId)}`);
});

test("a busy loop does not hold the runner's event loop, and is gone a second after its abort", async () => {
  const pool = new ThreadPool({ threadsMax: 1 });
  const processor = await threadProcessor(
    "({ n }, ctx) => { if (n === 2) return threadId; ctx.log.info({}, String(threadId)); spin(); }",
    pool,
  );
  const stop = new AbortController();
  const context = testContext({ signal: stop.signal });
  const attempt = runForTest(processor, {}, context);
  await waitFor(() => context.recorded.logs.length > 0);
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  const next = runForTest(processor, { n: 2 });
  const failure = failureNow(attempt);
  const reason = new Error("timeout");
  const aborted_at = performance.now();
  stop.abort(reason);
  // The attempt waits for nothing that happens in the thread.
  expect(await failure()).toBe(reason);
  // The only place is free again once the loop is gone, and then for a thread that is new.
  expect(String(await next)).not.toBe(context.recorded.logs[0]?.message);
  const took_ms = performance.now() - aborted_at;
  expect(took_ms).toBeGreaterThan(900);
  expect(took_ms).toBeLessThan(5_000);
  expect(pool.size).toBe(1);
  delay.disable();
  const delay_ms = delay.max / 1e6;
  console.log(`event loop: delayed ${delay_ms.toFixed(0)} ms at most beside a busy loop in a thread`);
  expect(delay_ms).toBeLessThan(200);
});

test.each([
  ["setImmediate(() => { throw new Error('late'); }); await sleep(60_000)", /ended: late/],
  ["void Promise.reject(new Error('nobody waits')); await sleep(60_000)", /ended: nobody waits/],
  ["process.exit(3)", /ended: exit code 3/],
  ["const all: unknown[] = []; for (;;) all.push(new Array(1e6).fill(1.5))", /ended: .*memory/],
])("a thread that dies of %s fails its attempt alone", async (statements, message) => {
  const pool = new ThreadPool({ threadsMax: 2 });
  const processor = await threadProcessor(
    `async ({ n }, ctx) => {
      if (n === 1) { ${statements}; }
      while (!ctx.signal.aborted && n === 2) await sleep(5);
      return "fine " + n;
    }`,
    pool,
  );
  const stop = new AbortController();
  const neighbour = runForTest(processor, { n: 2 }, testContext({ signal: stop.signal }));
  const failure = await failureOf(runForTest(processor, { n: 1 }));
  expect(failure).toMatchObject({
    code: "processor_crashed",
    message: expect.stringMatching(message) as string,
  });
  expect(await runForTest(processor, { n: 3 })).toBe("fine 3");
  expect(pool.size).toBe(2);
  stop.abort(new Error("over"));
  await expect(neighbour).rejects.toThrow("over");
});

test("attempts run side by side up to the pool's size, the others wait their turn", async () => {
  const pool = new ThreadPool({ threadsMax: 2 });
  const processor = await threadProcessor("async () => { await sleep(20); return threadId; }", pool);
  const threads = await Promise.all(Array.from({ length: 8 }, () => runForTest(processor, {})));
  expect(new Set(threads).size).toBe(2);
  expect(pool.size).toBe(2);
});

test("an attempt that is aborted while it waits for a thread never starts", async () => {
  const pool = new ThreadPool({ threadsMax: 1 });
  const processor = await threadProcessor(
    "async (_input, ctx) => { ctx.log.info({}, 'began'); await sleep(50); }",
    pool,
  );
  const first = runForTest(processor, {});
  const stop = new AbortController();
  const context = testContext({ signal: stop.signal });
  const second = runForTest(processor, {}, context);
  const third = runForTest(processor, {});
  const reason = new Error("cancelled");
  stop.abort(reason);
  expect(await failureOf(second)).toBe(reason);
  await Promise.all([first, third]);
  expect(context.recorded.logs).toEqual([]);
});

test("an idle thread ends, and another one starts when it is needed", async () => {
  const pool = new ThreadPool({ idle_ms: 1 });
  const processor = await threadProcessor("() => threadId", pool);
  const first = await runForTest(processor, {});
  await waitFor(() => pool.size === 0, { describe: "the thread to end" });
  expect(await runForTest(processor, {})).not.toBe(first);
});

test("what an attempt calls after its end is not told to the next", async () => {
  const pool = new ThreadPool({ threadsMax: 1 });
  const processor = await threadProcessor(
    `async ({ n }, ctx) => {
      if (n === 1) { setTimeout(() => { ctx.log.info({}, "late"); ctx.progress(1); }, 5); return; }
      await sleep(30);
    }`,
    pool,
  );
  await runForTest(processor, {});
  const context = testContext();
  await runForTest(processor, { n: 2 }, context);
  expect(context.recorded).toEqual({ progress: [], logs: [], cost_cents: undefined });
});

test("a file that changed since the runner began fails its attempt", async () => {
  const pool = new ThreadPool();
  const processor = runInThread(simulate, shippedFile(simulate).replace("simulate", "echo"), pool);
  await expect(runForTest(processor, {})).rejects.toThrow(/no longer has the processor "simulate"/);
});
