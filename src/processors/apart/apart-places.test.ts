import { join } from "node:path";
import { expect, test } from "vitest";
import { directoryWith } from "../../../test/support/directory-with.ts";
import { PATIENCE_MS } from "../../../test/support/patience.ts";
import { startProcess } from "../../../test/support/processes.ts";
import { waitFor } from "../../../test/support/wait-for.ts";
import type { JsonText } from "../../core/lib/json-text.ts";
import { isAlive } from "../../local/process-table.ts";
import { parseOutput } from "../sdk/parse-data.ts";
import { testContext } from "../sdk/test-context.ts";
import { loadProcessors, type RegisteredProcessor } from "../loader/registry.ts";
import { ApartPlaces } from "./apart-places.ts";

const id = "test.apart";

/** A user's file with this as its `run`. */
async function fileWith(run: string, options = ""): Promise<{ directory: string; file: string }> {
  const directory = await directoryWith({
    "a.ts": `
      import { defineProcessor } from "innovation-ecosystem-platform/processors";
      import { z } from "zod";
      const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
      export default defineProcessor({
        id: "${id}", input: z.object({ n: z.number().default(1) }).transform((one) => ({ ...one, call: () => one.n })),
        ${options} run: ${run},
      });`,
  });
  return { directory, file: join(directory, "a.ts") };
}

async function processorWith(run: string, options?: string): Promise<RegisteredProcessor> {
  const { directory } = await fileWith(run, options);
  const processor = (await loadProcessors({ directory })).processors.get(id);
  if (processor === undefined) throw new Error("not loaded");
  return processor;
}

/** One attempt apart; the output as it is stored. */
async function runApart(
  processor: RegisteredProcessor | undefined,
  input_data: unknown = {},
  context = testContext(),
  onStarted = (): void => undefined,
): Promise<unknown> {
  if (!processor?.runApart) throw new Error("it cannot run apart");
  const stored = parseOutput(processor, await processor.runApart({ input_data, context, onStarted }));
  return stored === null ? null : JSON.parse(stored.text);
}

test.each(["", "thread: true,"])(
  "a user's processor runs in a process of its own, which parses the input and tells what it is told (%s)",
  async (options) => {
    const processor = await processorWith(
      `async (input, ctx) => {
        ctx.progress(0.5, "half"); ctx.cost(7); ctx.log.info({ n: input.n }, "hello");
        return { called: input.call(), pid: process.pid, home: process.env.HOME, job: ctx.job.id, ...ctx.trace };
      }`,
      options,
    );
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const context = testContext({ trace: { traceparent } });
    let started = 0;
    const output = await runApart(processor, { n: 4 }, context, () => (started += 1));
    expect(output).toMatchObject({ called: 4, home: process.env["HOME"], job: context.job.id, traceparent });
    expect((output as { pid: number }).pid).not.toBe(process.pid); // Just matched: it has a pid.
    expect(started).toBe(1);
    expect(context.recorded).toEqual({
      progress: [{ fraction: 0.5, message: "half" }],
      logs: [{ level: "info", fields: { n: 4 }, message: "hello" }],
      cost_cents: 7,
    });
    await expect(runApart(processor, { n: "x" })).rejects.toMatchObject({ code: "input_invalid" });
  },
);

test("processors that ship run apart, commands have no need to", async () => {
  const directory = await directoryWith({
    "tool/processor.json": JSON.stringify({ id: "a.tool", command: ["true"] }),
  });
  const { processors } = await loadProcessors({ directory });
  expect(await runApart(processors.get("echo"), { a: [1] })).toEqual({ a: [1] });
  expect(processors.get("a.tool")).toMatchObject({ place: "command" });
  expect(processors.get("a.tool")).not.toHaveProperty("runApart");
});

test.each([
  ["process.exit(3)", "ended with exit code 3"],
  ["process.exit(0)", "ended with exit code 0"],
  ["process.kill(process.pid, 'SIGKILL')", "ended by SIGKILL"],
  ["process.abort()", "ended by SIGABRT"],
  ["process.disconnect(); await sleep(60_000)", "ended with exit code 0"],
  ["void Promise.reject(new Error('nobody waits')); await sleep(60_000)", "crashed: nobody waits"],
  ["setTimeout(() => { throw Object.create(null); }); await sleep(60_000)", "crashed: {}"],
])("an attempt whose process dies of %s has crashed", async (statements, message) => {
  const processor = await processorWith(`async () => { ${statements}; }`);
  await expect(runApart(processor)).rejects.toMatchObject({
    code: "processor_crashed",
    message: expect.stringContaining(message) as string,
  });
});

test("SIGTERM to all processes, as a service manager sends it, leaves the attempt to its runner", async () => {
  const processor = await processorWith(
    "async () => { process.kill(process.pid, 'SIGTERM'); await sleep(100); return 'done'; }",
  );
  expect(await runApart(processor)).toBe("done");
});

test("an abort ends the attempt at once, and its process a second later, whatever it does", async () => {
  const processor = await processorWith(
    "(_input, ctx) => { ctx.log.info({}, String(process.pid)); setTimeout(() => { for (;;); }); return new Promise(() => {}); }",
  );
  const stop = new AbortController();
  const context = testContext({ signal: stop.signal });
  const attempt = runApart(processor, {}, context);
  await waitFor(() => context.recorded.logs.length > 0, { timeoutMs: PATIENCE_MS });
  const pid = Number(context.recorded.logs[0]?.message);
  const reason = new Error("cancelled");
  stop.abort(reason);
  await expect(attempt).rejects.toBe(reason);
  await waitFor(() => !isAlive(pid), { describe: `process ${pid} to die` });
});

test("the process dies with the runner, also when that is killed and it has no time to notice", async () => {
  const { file } = await fileWith("(_input, ctx) => { console.log('pid ' + process.pid); for (;;); }");
  const module = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href);
  const runner = startProcess(process.execPath, [
    "--import",
    "tsx",
    "--input-type=module",
    "--eval",
    `const { ApartPlaces } = await import(${module("./apart-places.ts")});
     const { testContext } = await import(${module("../sdk/test-context.ts")});
     await new ApartPlaces().run({
       file: ${JSON.stringify(file)}, id: "${id}", input_data: {}, context: testContext(), onStarted: () => {},
     });`,
  ]);
  const [, pid = ""] = await runner.waitForLine(/^pid (\d+)$/);
  expect(isAlive(Number(pid))).toBe(true);
  runner.signal("SIGKILL");
  await waitFor(() => !isAlive(Number(pid)), { describe: `process ${pid} to die` });
});

test("further attempts wait for a place; one that is aborted then never starts", async () => {
  const { file } = await fileWith(
    "async () => { const from = Date.now(); await sleep(300); return [from, Date.now()]; }",
  );
  const places = new ApartPlaces({ placesMax: 1 });
  const run = (context = testContext()): Promise<unknown> =>
    places.run({ file, id, input_data: {}, context, onStarted: () => undefined });
  const first = run();
  const stop = new AbortController();
  const second = run(testContext({ signal: stop.signal }));
  const third = run();
  const reason = new Error("cancelled");
  stop.abort(reason);
  await expect(second).rejects.toBe(reason);
  const spans = (await Promise.all([first, third])).map(
    (one) => JSON.parse((one as { text: string }).text) as number[],
  );
  expect(spans[1]?.[0]).toBeGreaterThanOrEqual(spans[0]?.[1] ?? Infinity);
});

test("a process that an attempt left as it found it takes the next of the same file, and ends when none comes", async () => {
  const processor = await fileWith("() => process.pid");
  const other = await fileWith("() => process.pid");
  const places = new ApartPlaces({ placesMax: 2, idle_ms: 300 });
  const pidIn = ({ file }: { file: string }): Promise<number> =>
    places
      .run({ file, id, input_data: {}, context: testContext(), onStarted: () => undefined })
      .then(numberIn);
  const pids = await Promise.all(Array.from({ length: 20 }, () => pidIn(processor)));
  expect(new Set(pids).size).toBe(2);
  const another = await pidIn(other);
  expect(pids).not.toContain(another);
  for (const pid of [...pids, another])
    await waitFor(() => !isAlive(pid), { describe: `process ${pid} to end` });
  expect(pids).not.toContain(await pidIn(processor));
});

test.each([
  ["setInterval(() => {}, 1_000)"],
  ["globalThis.kept = Buffer.alloc(300 * 2 ** 20, 1)"],
  ["if (n === 2) throw new Error('no')"],
  ["setTimeout(() => process.exit(), 1_000).unref()"],
])("after an attempt with %s a process takes no other", async (statement) => {
  const { file } = await fileWith(
    `async ({ n }, ctx) => { ctx.log.info({}, String(process.pid)); ${statement}; }`,
  );
  const places = new ApartPlaces({ placesMax: 1 });
  const pids: string[] = [];
  for (const n of [2, 1]) {
    const context = testContext();
    await places
      .run({ file, id, input_data: { n }, context, onStarted: () => undefined })
      .catch(() => undefined);
    pids.push(...context.recorded.logs.map(({ message }) => message ?? ""));
  }
  expect(pids).toHaveLength(2);
  expect(new Set(pids).size).toBe(2);
});

test("a process that waits and is killed leaves room for another, and harms no attempt", async () => {
  const { file } = await fileWith("() => process.pid");
  const places = new ApartPlaces({ placesMax: 1 });
  const run = (): Promise<number> =>
    places
      .run({ file, id, input_data: {}, context: testContext(), onStarted: () => undefined })
      .then(numberIn);
  const pid = await run();
  expect(await run()).toBe(pid);
  process.kill(pid, "SIGKILL");
  await waitFor(() => !isAlive(pid));
  const pids = await Promise.all([run(), run(), run()]);
  expect(pids).not.toContain(pid);
  // The one that met the dead process has a new one; the others share theirs.
  expect(new Set(pids).size).toBeLessThanOrEqual(2);
});

test("what an attempt hid in its process ends no other attempt", async () => {
  // A server that was told not to keep the process, and ends it when somebody connects: nothing tells of it before.
  const { file } = await fileWith(
    `async ({ n }, ctx) => {
      const { createServer, connect } = await import("node:net");
      if (n === 2) {
        const server = createServer((socket) => { socket.unref(); socket.once("data", () => process.abort()); });
        await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
        server.unref();
        globalThis.port = server.address().port;
      } else if (globalThis.port) {
        connect(globalThis.port, "127.0.0.1").write("x");
        await sleep(60_000);
      }
      return process.pid;
    }`,
  );
  const places = new ApartPlaces({ placesMax: 1 });
  const run = (n: number, onStarted = (): void => undefined): Promise<number> =>
    places.run({ file, id, input_data: { n }, context: testContext(), onStarted }).then(numberIn);
  const hides = await run(2);
  let started = 0;
  const innocent = await run(1, () => (started += 1));
  expect(started).toBe(2);
  expect(innocent).not.toBe(hides);
});

function numberIn(output: JsonText | null): number {
  return Number(output?.text);
}
