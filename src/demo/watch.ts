import { setTimeout as wait } from "node:timers/promises";
import { hasEnded, type Priority } from "../core/model/job.ts";
import { JobAnswer, QueueAnswer, RunningAnswer } from "./answers.ts";
import { listAll, type DemoClient } from "./client.ts";
import type { DemoBuyer } from "./market.ts";
import type { ProgressState } from "./progress.ts";

const LOOK_EVERY_MS = 100;

export interface WatchOptions {
  readonly admin: DemoClient;
  readonly buyers: readonly DemoBuyer[];
  /** Jobs accepted until now, and those that have not been asked for or answered yet. */
  readonly counts: () => { readonly accepted: number; readonly open: number };
  readonly onProgress: (state: ProgressState) => void;
  readonly signal: AbortSignal;
}

/**
 * Looks ten times a second until all that was asked for has ended; answers each customer's jobs as the API
 * then lists them.
 */
export async function watchUntilEnded(options: WatchOptions): Promise<Map<DemoBuyer, JobAnswer[]>> {
  const { admin, buyers, counts, onProgress, signal } = options;
  for (let done = 0; ;) {
    const { accepted, open } = counts();
    const { waiting, running } = await lookAtQueue(admin);
    // Three moments, asked for in the order in which they can only tell too little.
    done = Math.max(done, accepted - waiting[0] - waiting[1] - waiting[2] - running);
    onProgress({ done, total: accepted + open, waiting });
    if (open === 0 && done === accepted) {
      const jobs = await listJobs(buyers);
      if ([...jobs.values()].flat().every((job) => hasEnded(job.status))) return jobs;
    }
    await wait(LOOK_EVERY_MS, undefined, { signal });
  }
}

/** Waiting first: a job that starts between the two questions is counted twice, never missed. */
async function lookAtQueue(admin: DemoClient) {
  const queue = await admin.get("/queue", QueueAnswer);
  const { data: running } = await admin.get("/jobs?status=running&limit=200", RunningAnswer);
  const waiting: Record<Priority, number> = { 0: 0, 1: 0, 2: 0 };
  for (const { priority, ready, backlog, scheduled } of queue.priorities)
    waiting[priority] = ready + backlog + scheduled;
  return { waiting, running: running.length };
}

async function listJobs(buyers: readonly DemoBuyer[]): Promise<Map<DemoBuyer, JobAnswer[]>> {
  const lists = buyers.map(
    async (buyer) => [buyer, await listAll(buyer.client, "/jobs", JobAnswer)] as const,
  );
  return new Map(await Promise.all(lists));
}
