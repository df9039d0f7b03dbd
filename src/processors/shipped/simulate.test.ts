import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { InputError, isFatal } from "../sdk/fatal-error.ts";
import simulate from "./simulate.ts";
import { runForTest, testContext } from "../sdk/test-context.ts";

test("no input is needed but an object", async () => {
  expect(await runForTest(simulate, {})).toEqual({ slept_ms: 0 });
});

test("the wait is as long as told", async () => {
  const started_at = performance.now();
  expect(await runForTest(simulate, { duration_ms: 30 })).toEqual({ slept_ms: 30 });
  // A timer may fire up to a millisecond early.
  expect(performance.now() - started_at).toBeGreaterThanOrEqual(29);
});

test.each([[null], [0], [""], [{ a: [1] }]])("the output %j is answered", async (output) => {
  expect(await runForTest(simulate, { output })).toEqual(output);
});

test("an abort ends the wait at once, with the signal's reason", async () => {
  const stop = new AbortController();
  const reason = new Error("cancelled");
  const attempt = runForTest(simulate, { duration_ms: 600_000 }, testContext({ signal: stop.signal }));
  stop.abort(reason);
  await expect(attempt).rejects.toBe(reason);
});

test("an attempt that was aborted before it began does not begin", async () => {
  const reason = new Error("late");
  const signal = AbortSignal.abort(reason);
  await expect(runForTest(simulate, {}, testContext({ signal }))).rejects.toBe(reason);
});

test("the CPU is worked as long as told", async () => {
  const before = process.cpuUsage();
  await runForTest(simulate, { cpu_ms: 60 });
  const { user, system } = process.cpuUsage(before);
  // On a busy machine some of the 60 ms on the clock are others'.
  expect((user + system) / 1_000).toBeGreaterThan(10);
});

test("work on the CPU lets others run, and an abort ends it", async () => {
  const stop = new AbortController();
  const reason = new Error("timeout");
  const attempt = runForTest(simulate, { cpu_ms: 600_000 }, testContext({ signal: stop.signal }));
  await setImmediate();
  stop.abort(reason);
  await expect(attempt).rejects.toBe(reason);
});

test("a told failure may be tried again", async () => {
  const error: unknown = await runForTest(simulate, { fail: true }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(Error);
  expect(isFatal(error)).toBe(false);
});

test("a told fatal failure ends the job", async () => {
  const error: unknown = await runForTest(simulate, { fail: "fatal" }).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "simulated_failure" });
  expect(isFatal(error)).toBe(true);
});

test.each([
  [0, 0, 0],
  [0.5, 1, 199],
  [1, 200, 200],
])("of 200 attempts at rate %d between %d and %d fail", async (fail_rate, least, most) => {
  const attempts = Array.from({ length: 200 }, () => runForTest(simulate, { fail_rate }));
  const failed = (await Promise.allSettled(attempts)).filter(({ status }) => status === "rejected").length;
  expect(failed).toBeGreaterThanOrEqual(least);
  expect(failed).toBeLessThanOrEqual(most);
});

test.each([
  { duration_ms: 600_001 },
  { duration_ms: -1 },
  { fail_rate: 1.1 },
  { fail: "later" },
  { sleep: 1 },
  null,
])("the input %j is refused", async (input) => {
  await expect(runForTest(simulate, input)).rejects.toBeInstanceOf(InputError);
});
