import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { STDERR_LOGGED_MAX } from "../../core/model/limits.ts";
import { failureNow } from "../../../test/support/failure-now.ts";
import { temporaryFolder } from "../../../test/support/temporary-folder.ts";
import { waitFor } from "../../../test/support/wait-for.ts";
import { isAlive } from "../../local/process-table.ts";
import { isFatal } from "../sdk/fatal-error.ts";
import { runForTest, testContext } from "../sdk/test-context.ts";
import { commandProcessor } from "./test-command.ts";

/** What an attempt of such a script fails with. */
async function failureOf(
  script: string,
  settings: Readonly<Record<string, unknown>> = {},
): Promise<Error & { code?: unknown }> {
  const failure: unknown = await runForTest(await commandProcessor({ script, settings }), null).catch(
    (error: unknown) => error,
  );
  if (failure instanceof Error) return failure;
  throw new Error("succeeded", { cause: failure });
}

test("a command reads its job as one JSON document and answers with a line of JSON", async () => {
  const processor = await commandProcessor({
    script: `printf '{"output":%s}' "$(cat)"`,
    settings: { command: ["sh", "run.sh"] },
  });
  // More than any pipe holds, and characters that chunks may cut.
  const input = { text: "ä€😀".repeat(20_000) };
  const context = testContext({ job: { attempt: 2 } });
  const { job, idempotencyKey: idempotency_key, remaining_ms } = context;
  expect(await runForTest(processor, input, context)).toEqual({
    input,
    job,
    attempt: 2,
    idempotency_key,
    remaining_ms,
  });
});

test("what a runner knows of the job beyond the contract stays with it", async () => {
  const processor = await commandProcessor({ script: `printf '{"output":%s}' "$(cat)"` });
  const context = testContext();
  Object.assign(context.job, { lease_id: "secret" });
  expect(JSON.stringify(await runForTest(processor, null, context))).not.toContain("lease_id");
});

test("progress, cost and log lines reach the context; the last output counts", async () => {
  const script = `
    echo '{"progress":0.25}'
    echo '{"progress":1,"message":"done"}'
    echo '{"cost":30}'
    echo '{"cost":40}'
    echo '{"log":"hello"}'
    echo '{"log":"careful","level":"warn"}'
    echo
    echo '{"output":1}'
    printf '{"output":{"a":[null]}}'`;
  const context = testContext();
  expect(await runForTest(await commandProcessor({ script }), null, context)).toEqual({ a: [null] });
  expect(context.recorded).toEqual({
    progress: [
      { fraction: 0.25, message: undefined },
      { fraction: 1, message: "done" },
    ],
    cost_cents: 40,
    logs: [
      { level: "info", fields: { source: "stdout" }, message: "hello" },
      { level: "warn", fields: { source: "stdout" }, message: "careful" },
    ],
  });
});

test("a command that reads nothing and says nothing succeeds with null", async () => {
  const processor = await commandProcessor({ script: "exit 0" });
  expect(await runForTest(processor, "x".repeat(1_000_000))).toBeNull();
});

test("exit code 65 refuses the input", async () => {
  const failure = await failureOf("echo 'no such page' >&2; exit 65");
  expect(failure).toMatchObject({ name: "InputError", code: "input_invalid", message: "no such page" });
  expect(isFatal(failure)).toBe(true);
});

test("exit code 70 ends the job", async () => {
  const failure = await failureOf("exit 70");
  expect(failure).toMatchObject({ name: "FatalError", message: "The command failed for good" });
  expect(isFatal(failure)).toBe(true);
});

test("exit code 75 asks for another attempt, after the time that it said last", async () => {
  const later = `echo '{"retry_after_ms":9}'; printf '{"retry_after_ms":30000}'; echo busy >&2; exit 75`;
  expect(await failureOf(later)).toMatchObject({ name: "RetryAfter", delay_ms: 30_000, message: "busy" });
  expect(await failureOf("exit 75")).toMatchObject({ name: "SubprocessError", code: "attempt_failed" });
  // What it says counts with that exit code only.
  expect(await failureOf(`echo '{"retry_after_ms":9}'; exit 1`)).toMatchObject({ name: "SubprocessError" });
});

test.each([
  ["exit 3", "The command ended with exit code 3"],
  ["kill -SEGV $$", "The command ended with SIGSEGV"],
  ["echo '{\"output\":1}'; echo why >&2; exit 1", "The command ended with exit code 1: why"],
])("%s can be tried again", async (script, message) => {
  const failure = await failureOf(script);
  expect(failure).toMatchObject({ code: "attempt_failed", message });
  expect(isFatal(failure)).toBe(false);
});

test.each([
  "hello",
  '{"output":1',
  '{"outputs":1}',
  "[]",
  "null",
  '{"output":1,"cost":2}',
  '{"progress":2}',
  '{"progress":"half"}',
  '{"cost":-1}',
  '{"cost":1.5}',
  '{"log":1}',
  '{"retry_after_ms":-1}',
  '{"retry_after_ms":"soon"}',
  '{"log":"a","level":"fatal"}',
])("the line %s fails the attempt", async (line) => {
  expect(await failureOf(`echo '${line}'; echo '{"output":1}'; exec sleep 600`)).toMatchObject({
    code: "output_invalid",
    message: expect.stringContaining(line) as string,
  });
});

test("bytes that are no UTF-8 fail the attempt", async () => {
  expect(await failureOf(`printf '{"output":"\\377"}\\n'`)).toMatchObject({ code: "output_invalid" });
});

test.each([
  ["a line", "head -c 1048577 /dev/zero | tr '\\0' x; exec sleep 600", "longer than 1048576 bytes"],
  ["a line without end", "tr '\\0' x </dev/zero", "longer than 1048576 bytes"],
  ["stdout", `exec yes '{"progress":0.5}'`, "more than 8388608 bytes"],
])("%s that is too large kills the command", async (_what, script, message) => {
  expect(await failureOf(script)).toMatchObject({
    code: "output_too_large",
    message: expect.stringContaining(message) as string,
  });
});

test("stderr is logged up to a bound; its end is in the error", async () => {
  const script = `
    echo first >&2
    head -c 300000 /dev/zero | tr '\\0' x >&2
    echo >&2
    echo the reason >&2
    exit 1`;
  const context = testContext();
  const attempt = runForTest(await commandProcessor({ script }), null, context);
  const failure: unknown = await attempt.catch((error: unknown) => error);
  const { message, stack } = failure as Error;
  expect(message).toBe("The command ended with exit code 1: the reason");
  expect(stack).toMatch(/^SubprocessError: The command ended with exit code 1\n…x{1900,}\nthe reason$/);
  const { logs } = context.recorded;
  expect(logs[0]).toEqual({ level: "info", fields: { source: "stderr" }, message: "first" });
  expect(logs.at(-1)).toMatchObject({ level: "warn", message: "more on stderr is left out" });
  const logged = logs.reduce((sum, log) => sum + (log.message?.length ?? 0), 0);
  expect(logged).toBeLessThan(STDERR_LOGGED_MAX + 5_000);
});

test("the environment is PATH, HOME, LANG and what processor.json says", async () => {
  Object.assign(process.env, {
    DATABASE_URL: "postgres://secret",
    REDIS_URL: "secret",
    ADMIN_API_KEY: "secret",
  });
  const script = `printf '{"output":"%s"}' "$(env | cut -d= -f1 | sort | tr '\\n' ' ')"`;
  const processor = await commandProcessor({ script, settings: { env: { GREETING: "hello" } } });
  const names = String(await runForTest(processor, null))
    .trim()
    .split(" ");
  const set = ["HOME", "LANG", "PATH"].filter((name) => process.env[name] !== undefined);
  // The shell itself adds PWD, some also their level and their last argument.
  const ours = ["IEP_ATTEMPT", "IEP_IDEMPOTENCY_KEY", "IEP_REMAINING_MS"];
  const expected = [...set, "GREETING", ...ours];
  expect(names.filter((name) => !["PWD", "OLDPWD", "SHLVL", "_"].includes(name))).toEqual(
    expected.toSorted(),
  );
});

test("the working directory is the folder", async () => {
  const processor = await commandProcessor({
    script: `printf '{"output":"%s"}' "$(cat data.txt)"`,
    files: { "data.txt": "beside it" },
  });
  expect(await runForTest(processor, null)).toBe("beside it");
});

test.runIf(process.platform === "linux")("memory beyond memory_mb is refused to the command", async () => {
  const settings = {
    command: [process.execPath, "-e", 'Buffer.alloc(200e6, 1); console.log(\'{"output":"had it"}\')'],
    memory_mb: 100,
  };
  expect(await failureOf("", settings)).toMatchObject({ code: "attempt_failed" });
  const enough = await commandProcessor({ script: "", settings: { ...settings, memory_mb: 1_000 } });
  expect(await runForTest(enough, null)).toBe("had it");
});

test("attempts run side by side, each in a process of its own", async () => {
  const processor = await commandProcessor({ script: `echo "{\\"output\\":$$}"` });
  const pids = await Promise.all(Array.from({ length: 20 }, () => runForTest(processor, null)));
  expect(new Set(pids).size).toBe(20);
});

/**
 * Leader, child, grandchild; `trap` makes them deaf to SIGTERM. Tells their numbers as progress messages,
 * then goes on for ever.
 */
const FAMILY = `
  say() { echo "{\\"progress\\":0,\\"message\\":\\"$1\\"}"; }
  say $$
  sh -c 'sleep 600 & echo "{\\"progress\\":0,\\"message\\":\\"$!\\"}"; wait' &
  say $!
  wait`;

async function startFamily(script: string) {
  const stop = new AbortController();
  const context = testContext({ signal: stop.signal });
  const attempt = runForTest(await commandProcessor({ script }), null, context);
  attempt.catch(() => undefined);
  const pids = (): number[] => context.recorded.progress.map(({ message }) => Number(message));
  await waitFor(() => pids().length === 3, { describe: "three processes" });
  expect(pids().map(isAlive)).toEqual([true, true, true]);
  return { attempt, stop, pids: pids(), context };
}

const die = (pids: readonly number[]): Promise<true> =>
  waitFor(() => pids.every((pid) => !isAlive(pid)), { describe: `${pids.join(", ")} to die` });

test("an abort rejects at once and ends the whole group", async () => {
  const { attempt, stop, pids } = await startFamily(FAMILY);
  const reason = new Error("timeout");
  const failure = failureNow(attempt);
  const started_at = performance.now();
  stop.abort(reason);
  // The attempt waits for nothing that happens to the group.
  expect(await failure()).toBe(reason);
  await die(pids);
  // By SIGTERM, well before the kill.
  expect(performance.now() - started_at).toBeLessThan(1_500);
});

test("a group that is deaf to SIGTERM is killed 2 s later", async () => {
  // What is ignored stays so in children.
  const { attempt, stop, pids } = await startFamily(`trap '' TERM\n${FAMILY}`);
  const started_at = performance.now();
  stop.abort(new Error("timeout"));
  await expect(attempt).rejects.toThrow("timeout");
  await die(pids);
  expect(performance.now() - started_at).toBeGreaterThan(1_900);
  expect(performance.now() - started_at).toBeLessThan(3_000);
});

test("a command may end its work when it is told to stop", async () => {
  const folder = await temporaryFolder();
  const { stop, pids } = await startFamily(`trap 'echo stopped >"${folder}/a"; exit' TERM\n${FAMILY}`);
  stop.abort(new Error("cancelled"));
  await die(pids);
  expect(await readFile(join(folder, "a"), "utf8")).toBe("stopped\n");
});

test("what a command leaves in its group is killed when it exits", async () => {
  const context = testContext();
  const script = `sleep 600 & echo "{\\"output\\":$!}"`;
  const pid = await runForTest(await commandProcessor({ script }), null, context);
  expect(await die([Number(pid)])).toBe(true);
});

test.runIf(process.platform === "linux")(
  "what left the group is killed, too, also while it holds stdout open",
  async () => {
    const script = `
      setsid sh -c 'echo "{\\"output\\":$$}"; echo >ready$0; exec sleep 600' $$ &
      until [ -e ready$$ ]; do :; done`;
    const processor = await commandProcessor({ script });
    const pids = await Promise.all([1, 2, 3].map(() => runForTest(processor, null)));
    expect(await die(pids.map(Number))).toBe(true);
  },
);

test("an attempt that was aborted before it began does not begin", async () => {
  const reason = new Error("late");
  const processor = await commandProcessor({ script: "touch began" });
  await expect(runForTest(processor, null, testContext({ signal: AbortSignal.abort(reason) }))).rejects.toBe(
    reason,
  );
});

test("a program that is gone fails its attempt", async () => {
  const processor = await commandProcessor({ script: "rm run.sh" });
  await runForTest(processor, null);
  await expect(runForTest(processor, null)).rejects.toMatchObject({
    code: "attempt_failed",
    message: expect.stringContaining("run.sh") as string,
  });
});
