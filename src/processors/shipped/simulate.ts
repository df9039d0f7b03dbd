import { setTimeout } from "node:timers/promises";
import { z } from "zod";
import { defineProcessor } from "../sdk/define-processor.ts";
import { shareEventLoop } from "./share-event-loop.ts";
import { FatalError } from "../sdk/fatal-error.ts";

const WAIT_MS_MAX = 600_000;

/** Behaves like work of which everything is known: for load tests, demonstrations and trying out failures. */
export default defineProcessor({
  id: "simulate",
  description: "Waits, works on the CPU, then fails or succeeds as its input says.",
  input: z.strictObject({
    /** Waited without work. */
    duration_ms: z.number().min(0).max(WAIT_MS_MAX).default(0),
    /** Worked on the CPU after the wait. */
    cpu_ms: z.number().min(0).max(WAIT_MS_MAX).default(0),
    /** How probable a failure is that may be tried again. */
    fail_rate: z.number().min(0).max(1).default(0),
    /** `true`: every attempt fails. `"fatal"`: the first failure ends the job. */
    fail: z.union([z.boolean(), z.literal("fatal")]).default(false),
    /** The output on success; any JSON. Left out: `{slept_ms}`. */
    output: z.unknown().optional(),
  }),
  async run(input, { signal }) {
    await wait(input.duration_ms, signal);
    await workCpu(input.cpu_ms, signal);
    if (input.fail === "fatal") {
      throw new FatalError("Failed for good, as told", { code: "simulated_failure" });
    }
    if (input.fail || Math.random() < input.fail_rate) throw new Error("Failed, as told");
    return input.output === undefined ? { slept_ms: input.duration_ms } : input.output;
  },
});

/** Rejects with the signal's reason the moment it aborts. */
async function wait(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  if (ms === 0) return;
  try {
    await setTimeout(ms, undefined, { signal });
  } catch {
    // The timer wraps the reason into an AbortError of its own; the runner tells timeout from cancel by the
    // reason.
    signal.throwIfAborted();
  }
}

/** Yields often, and only its own time counts, so that the load is the same beside many other jobs. */
async function workCpu(ms: number, signal: AbortSignal): Promise<void> {
  const eventLoop = shareEventLoop(signal);
  for (let left_ms = ms; left_ms > 0;) {
    const started_at = performance.now();
    let worked_ms = 0;
    while (worked_ms < left_ms && !eventLoop.isDue()) worked_ms = performance.now() - started_at;
    left_ms -= worked_ms;
    await eventLoop.yield();
  }
}
