/** How a way ends: the code of the job's error, or the output of one that succeeds. */
type End = { readonly error: string } | { readonly output: unknown };

interface Way {
  /** The body of an async function of `ctx` and `stay`, which waits for ever. */
  readonly body: string;
  readonly end: End;
}

const crashed = { error: "processor_crashed" };
const failed = { error: "attempt_failed" };
const invalid = { error: "output_invalid" };
const way = (end: End, body: string): Way => ({ body, end });

/** What an attempt leaves behind, or tries on its process, in the runner's own thread: the runner lives. */
const LEFT_BEHIND: Readonly<Record<string, Way>> = {
  "a rejection": way(crashed, `void Promise.reject(new Error("forgotten")); await stay();`),
  "a rejection with undefined": way(crashed, `void Promise.reject(undefined); await stay();`),
  "a late rejection": way(
    crashed,
    `void (async () => { await sleep(5); throw new Error("late"); })(); await stay();`,
  ),
  "a throw in then": way(
    crashed,
    `void Promise.resolve().then(() => { throw new Error("then"); }); await stay();`,
  ),
  "a timer": way(crashed, `setTimeout(() => { throw new Error("timer"); }, 5); await stay();`),
  "a timer that throws no error": way(
    crashed,
    `setTimeout(() => { throw Object.create(null); }, 5); await stay();`,
  ),
  "a timer whose error cannot be read": way(
    crashed,
    `setTimeout(() => {
       const error = new Error("x");
       for (const name of ["stack", "message", "code", "name"]) Object.defineProperty(error, name, { get() { throw 1; } });
       throw error;
     }, 5);
     await stay();`,
  ),
  "an interval": way(crashed, `setInterval(() => { throw new Error("interval"); }, 5); await stay();`),
  "an immediate": way(crashed, `setImmediate(() => { throw new Error("immediate"); }); await stay();`),
  "a tick": way(crashed, `process.nextTick(() => { throw new Error("tick"); }); await stay();`),
  "a microtask": way(crashed, `queueMicrotask(() => { throw new Error("microtask"); }); await stay();`),
  "an unheard error": way(
    crashed,
    `setTimeout(() => new EventEmitter().emit("error", new Error("unheard")), 5); await stay();`,
  ),
  "an unheard error that is none": way(
    crashed,
    `setTimeout(() => new EventEmitter().emit("error", { no: 1 }), 5); await stay();`,
  ),
  "a stream": way(crashed, `createReadStream("/no/such/file"); await stay();`),
  "a socket": way(crashed, `connect(1, "127.0.0.1"); await stay();`),
  "a callback": way(crashed, `readFile("/no/such/file", (error) => { throw error; }); await stay();`),
  "process.exit": way(crashed, `process.exit(0);`),
  "an imported exit": way(crashed, `exit(1);`),
  "a late process.exit": way(crashed, `setTimeout(() => process.exit(1), 5); await stay();`),
  "an exit that is caught": way(
    crashed,
    `try { process.exit(1); } catch {} return "as if nothing had happened";`,
  ),
  "process.reallyExit": way(crashed, `process.reallyExit(1);`),
  "process.abort": way(crashed, `process.abort();`),
  "a kill of its own process": way(crashed, `process.kill(process.pid, "SIGKILL");`),
  "an abort listener that throws": way(
    { error: "timed_out" },
    `ctx.signal.addEventListener("abort", () => { throw new Error("listener"); }); await stay();`,
  ),
  "a timer after its end": way(
    { output: "done" },
    `setTimeout(() => { throw new Error("after the end"); }, 5); return "done";`,
  ),
  "an exit code": way({ output: "done" }, `process.exitCode = 3; return "done";`),
};

/** What cannot be turned into an error as it is. */
const THROWN: Readonly<Record<string, Way>> = {
  "an object as message": way(failed, `throw Object.assign(new Error("x"), { message: { detail: 1 } });`),
  "a number as message": way(failed, `throw Object.assign(new Error("x"), { message: 5 });`),
  "an array as message": way(failed, `throw Object.assign(new Error("x"), { message: [1] });`),
  "no message": way(failed, `throw Object.assign(new Error("x"), { message: undefined });`),
  "a symbol as message": way(failed, `throw Object.assign(new Error("x"), { message: Symbol("s") });`),
  "a message that throws": way(
    failed,
    `throw Object.defineProperty(new Error("x"), "message", { get() { throw new Error("no"); } });`,
  ),
  "a code, name and stack that throw": way(
    failed,
    `const error = new Error("x"); for (const name of ["stack", "code", "name"]) Object.defineProperty(error, name, { get() { throw 1; } }); throw error;`,
  ),
  "half a pair and NUL": way(failed, String.raw`throw new Error("\ud83d a\0b \udc00");`),
  megabytes: way(failed, `throw new Error("x".repeat(5_000_000));`),
  "an object without prototype": way(failed, `throw Object.create(null);`),
  "a toString that throws": way(
    failed,
    `throw { toString() { throw new Error("no"); }, toJSON() { throw new Error("no"); } };`,
  ),
  "a proxy that throws": way(
    failed,
    `throw new Proxy({}, { get() { throw 1; }, has() { throw 1; }, getPrototypeOf() { throw 1; }, ownKeys() { throw 1; } });`,
  ),
  "a revoked proxy": way(failed, `const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); throw proxy;`),
  "a circular cause": way(failed, `const error = new Error("x"); error.cause = error; throw error;`),
  "a circular object": way(failed, `const thrown = {}; thrown.self = thrown; throw thrown;`),
  "many errors": way(failed, `throw new AggregateError([new Error("one"), null, Object.create(null)]);`),
  undefined: way(failed, `throw undefined;`),
  null: way(failed, `throw null;`),
  "a function": way(failed, `throw () => 1;`),
  "a bigint": way(failed, `throw 1n;`),
  "a symbol": way(failed, `throw Symbol("s");`),
};

/** Outputs that cannot be written, or are another one the next time. */
const OUTPUTS: Readonly<Record<string, Way>> = {
  "toJSON that throws": way(invalid, `return { toJSON() { throw new Error("no"); } };`),
  "toJSON that throws anything": way(invalid, `return { toJSON() { throw Object.create(null); } };`),
  "toJSON that throws the second time": way(
    { output: 1 },
    `let n = 0; return { toJSON() { n += 1; if (n > 1) throw new Error("no"); return n; } };`,
  ),
  "toJSON that differs": way(
    { output: 1 },
    String.raw`let n = 0; return { toJSON() { n += 1; return n === 1 ? 1 : "\0"; } };`,
  ),
  "toJSON without end": way(
    invalid,
    `const deeper = () => ({ toJSON: () => ({ deeper: deeper() }) }); return deeper();`,
  ),
  "a getter that throws": way(invalid, `return { get a() { throw new Error("no"); } };`),
  "a proxy of an output": way(invalid, `return new Proxy({}, { ownKeys() { throw new Error("no"); } });`),
  "a bigint in it": way(invalid, `return { n: 1n };`),
  "a circle": way(invalid, `const a = {}; a.a = a; return a;`),
  "a circle afterwards": way(
    { output: { v: 1 } },
    `const a = { v: 1 }; setImmediate(() => { a.a = a; }); return a;`,
  ),
  "a change afterwards": way(
    { output: [1] },
    `const a = [1]; setImmediate(() => { a[0] = "WRONG"; }); return a;`,
  ),
  "a function as output": way(invalid, `return () => 1;`),
  "a function in it": way(invalid, `return { f() {} };`),
  "a symbol as output": way(invalid, `return Symbol("s");`),
  "101 levels": way(invalid, `return JSON.parse("[".repeat(101) + "]".repeat(101));`),
  "20,000 levels": way(invalid, `let a = []; for (let n = 0; n < 20_000; n += 1) a = [a]; return a;`),
  NUL: way(invalid, String.raw`return { text: "a\0b" };`),
  "NUL by toJSON": way(invalid, String.raw`return { toJSON: () => "a\0b" };`),
  "half a pair": way(invalid, String.raw`return ["\ud83d"];`),
  "more than 1 MiB": way(invalid, `return "x".repeat(1_048_576);`),
  "a list of a billion places": way(invalid, `return new Array(1_000_000_000);`),
  "a doubling without end": way(
    invalid,
    `let a = ["x"]; for (let n = 0; n < 60; n += 1) a = [a, a]; return a;`,
  ),
  "undefined as output": way({ output: null }, `return undefined;`),
};

/** Writing to all that is in reach. */
const WRITTEN: Readonly<Record<string, Way>> = {
  "the job": way({ error: "attempt_failed" }, `ctx.job.attempt = 99; return "written";`),
  "the job, quietly": way(
    {
      output: [
        "attempt",
        "customer_id",
        "estimated_cost_cents",
        "id",
        "job_type_id",
        "max_attempts",
        "priority",
      ],
    },
    `for (const target of [ctx, ctx.job, ctx.log, ctx.signal, Object.getPrototypeOf(ctx)]) {
       for (const name of [...Object.getOwnPropertyNames(target), "id", "attempt", "lease_id", "job", "cost"]) {
         for (const write of [() => { target[name] = 99; }, () => { delete target[name]; }]) try { write(); } catch {}
       }
     }
     return Object.keys(ctx.job).toSorted();`,
  ),
  "the log": way(
    { output: "done" },
    `try { Object.getPrototypeOf(ctx.log).info = 1; } catch {} delete Object.prototype.info; return "done";`,
  ),
  "Object.prototype": way(failed, `Object.prototype.poison = 1; return "written";`),
};

/** In the runner's own thread, where the runner is to live. */
export const WAYS_TO_LIVE_THROUGH: Readonly<Record<string, Way>> = {
  ...LEFT_BEHIND,
  ...THROWN,
  ...OUTPUTS,
  ...WRITTEN,
};

/** In a worker thread, where the runner is to live. */
export const WAYS_IN_A_THREAD: Readonly<Record<string, Way>> = {
  "a rejection": way(crashed, `void Promise.reject(new Error("forgotten")); await stay();`),
  "process.exit": way(crashed, `process.exit(3);`),
  "a message that is none": way(failed, `parentPort.postMessage(null); await stay();`),
  "an object without prototype": way(failed, `throw Object.create(null);`),
  "a circle": way(invalid, `const a = {}; a.a = a; return a;`),
  "a change afterwards": way(
    { output: [1] },
    `const a = [1]; setImmediate(() => { a[0] = "WRONG"; }); return a;`,
  ),
};

const KILL = `spawnSync("kill", ["-9", String(process.pid)]); await stay();`;

/** The process ends, whatever the runner does. */
export const WAYS_TO_END_THE_PROCESS: Readonly<Record<string, Way>> = {
  "kill -9": way(crashed, KILL),
  "kill -9, quietly": way(
    crashed,
    `setTimeout(() => spawnSync("kill", ["-9", String(process.pid)]), 300); await stay();`,
  ),
  "no listener is left": way(
    crashed,
    `process.removeAllListeners(); void Promise.reject(new Error("forgotten")); await stay();`,
  ),
  "all of the memory": way(
    crashed,
    `await sleep(2_000); const all = []; for (;;) all.push(new Array(1e6).fill(1.5));`,
  ),
};

export const WAYS_TO_END_THE_PROCESS_FROM_A_THREAD: Readonly<Record<string, Way>> = {
  "kill -9": way(crashed, KILL),
};

/** A module of a processor whose input says which of the ways it goes. */
export function poisonModule(id: string, ways: Readonly<Record<string, Way>>, thread = false): string {
  const entries = Object.entries(ways).map(
    ([name, { body }]) => `${JSON.stringify(name)}: async (ctx) => { ${body} },`,
  );
  return `
    import { spawnSync } from "node:child_process";
    import { EventEmitter } from "node:events";
    import { createReadStream, readFile } from "node:fs";
    import { connect } from "node:net";
    import { exit } from "node:process";
    import { setTimeout as sleep } from "node:timers/promises";
    import { parentPort } from "node:worker_threads";
    import { defineProcessor } from "innovation-ecosystem-platform/processors";
    const stay = () => sleep(600_000);
    const ways = { ${entries.join("\n")} };
    export default defineProcessor({ id: "${id}", thread: ${thread}, run: (way, ctx) => ways[way](ctx) });`;
}
