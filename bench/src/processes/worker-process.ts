import { now } from "../clock.ts";
import type { Site, Worker } from "../contender.ts";
import { loadContender, type ContenderName } from "../contenders.ts";
import { serve, tell } from "./rpc.ts";

// One runner of a contender: the process whose memory and CPU time are measured.

/** How often the parent is told of progress. The time of the end is measured here, not by the parent. */
const PROGRESS_MS = 20;
const MARK_MS = 2;

export interface Progress {
  readonly settled: number;
}

export interface WorkDone {
  readonly started: number;
  readonly settled: number;
  /** The sum of the numbers `n` of all settled jobs. With their count it shows whether each job ran once. */
  readonly sum: number;
  /** How many jobs had been settled at which time, every few milliseconds; the last mark is the end. */
  readonly marks: readonly Mark[];
}

export interface Mark {
  readonly at: number;
  readonly settled: number;
}

/** When each job was started and settled, by its number `n`; NaN for jobs of other workers. */
export interface Samples {
  readonly started_at: Float64Array;
  readonly settled_at: Float64Array;
}

let worker: Worker | undefined;
let [started, settled, sum, settled_at, marked_at] = [0, 0, 0, 0, 0];
const marks: Mark[] = [];
let samples: Samples | undefined;
let told = 0;

const methods = {
  /** With `sampled` above 0, remembers the times of that many jobs. */
  async open(name: ContenderName, site: Site, sampled: number): Promise<void> {
    if (sampled > 0) samples = { started_at: nothing(sampled), settled_at: nothing(sampled) };
    const contender = await loadContender(name);
    worker = await contender.openWorker(site, {
      started(n) {
        started += 1;
        if (samples) samples.started_at[n] = now();
      },
      settled(n) {
        settled += 1;
        sum += n;
        settled_at = now();
        if (samples) samples.settled_at[n] = settled_at;
        if (settled_at - marked_at < MARK_MS) return;
        marked_at = settled_at;
        marks.push({ at: settled_at, settled });
      },
    });
  },
  async start(): Promise<void> {
    setInterval(tellProgress, PROGRESS_MS);
    await worker?.start();
  },
  async stop(): Promise<WorkDone> {
    await worker?.stop();
    return { started, settled, sum, marks: [...marks, { at: settled_at, settled }] };
  },
  async samples(): Promise<Samples> {
    return samples ?? { started_at: nothing(0), settled_at: nothing(0) };
  },
};
export type WorkerMethods = typeof methods;
serve(methods);

function nothing(length: number): Float64Array {
  return new Float64Array(length).fill(Number.NaN);
}

function tellProgress(): void {
  if (settled === told) return;
  told = settled;
  tell({ settled } satisfies Progress);
}
