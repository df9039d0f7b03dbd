import { setTimeout as wait } from "node:timers/promises";
import { submitJob, type SubmitJob } from "../../src/core/use-cases/submit-jobs.ts";
import type { OpenPlatform } from "../../src/bin/open-platform.ts";
import { atTheEnd } from "./cleanup.ts";
import { createRunner } from "./test-platform.ts";

export interface Consumer {
  /** When each job was done, by its id. */
  readonly done_at: ReadonlyMap<string, number>;
  /** Jobs that ran more than once. */
  readonly repeated: number;
  stop(): Promise<void>;
}

/**
 * The least of a runner: claims, and settles at once what it claimed, each as succeeded. Ends with the test.
 */
export async function startConsumer(
  platform: OpenPlatform,
  { slots = 32, work_ms = 0 } = {},
): Promise<Consumer> {
  const runner_id = await createRunner(platform);
  const done_at = new Map<string, number>();
  let repeated = 0;
  const stopping = new AbortController();
  const loop = (async () => {
    while (!stopping.signal.aborted) {
      try {
        const jobs = await platform.readyQueue.claim({ runner_id, max: slots, wait_ms: 2_000 });
        if (jobs.length === 0) continue;
        if (work_ms > 0) await wait(work_ms);
        await platform.jobs.settle(
          jobs.map(({ id, attempt }) => ({ id, attempt, kind: "succeeded", output: null })),
          [...new Set(jobs.map(({ lease_id }) => lease_id))],
        );
        for (const { id } of jobs) {
          if (done_at.has(id)) repeated += 1;
          done_at.set(id, performance.now());
        }
      } catch {
        // As the runner does: the server behind it is away.
        await wait(500);
      }
    }
  })();
  const stop = async (): Promise<void> => {
    stopping.abort();
    await platform.readyQueue.wake().catch(() => undefined);
    await loop;
  };
  atTheEnd(stop);
  return {
    done_at,
    get repeated() {
      return repeated;
    },
    stop,
  };
}

export interface Submitter {
  /** Ids of what was accepted, with when and after how long. */
  readonly accepted: ReadonlyMap<string, { at: number; took_ms: number }>;
  readonly refused: readonly unknown[];
  stop(): Promise<void>;
}

/** Submits `per_second` jobs one by one, whatever becomes of those before. Ends with the test. */
export function startSubmitter(platform: OpenPlatform, request: SubmitJob, per_second: number): Submitter {
  const accepted = new Map<string, { at: number; took_ms: number }>();
  const refused: unknown[] = [];
  const under_way = new Set<Promise<void>>();
  const started_at = performance.now();
  let asked = 0;
  const submit = async (): Promise<void> => {
    const at = performance.now();
    try {
      const { id } = await submitJob(platform, request);
      accepted.set(id, { at, took_ms: performance.now() - at });
    } catch (error) {
      refused.push(error);
    }
  };
  const timer = setInterval(() => {
    const due = ((performance.now() - started_at) / 1_000) * per_second;
    for (; asked < due; asked += 1) {
      const one = submit().finally(() => under_way.delete(one));
      under_way.add(one);
    }
  }, 5);
  const stop = async (): Promise<void> => {
    clearInterval(timer);
    await Promise.all(under_way);
  };
  atTheEnd(stop);
  return { accepted, refused, stop };
}

/** How long the work takes, in whole milliseconds. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const started_at = performance.now();
  await work();
  return Math.round(performance.now() - started_at);
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? 0;
}
