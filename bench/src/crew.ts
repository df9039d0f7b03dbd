import { setTimeout as wait } from "node:timers/promises";
import { insist, type Bench, type Stage } from "./bench.ts";
import { cpuOf, memoryOf } from "./proc.ts";
import { startRemote } from "./processes/remote.ts";
import type { Progress, Samples, WorkDone, WorkerMethods } from "./processes/worker-process.ts";

/** The runners of one measurement. Each is a process. */
export interface Crew {
  start(): Promise<void>;
  /**
   * Resolves when all together have settled that many jobs. Throws when that takes longer than `RUN_MAX_MS`.
   */
  settled(count: number): Promise<void>;
  /** Returns the CPU seconds that all have used so far. */
  cpu(): number;
  /** The memory of the largest runner in bytes, ten times a second since the start. */
  readonly memory: readonly number[];
  /** Stops all in an orderly way. Returns what each of them did. */
  stop(): Promise<WorkDone[]>;
  samples(): Promise<Samples[]>;
  /** Ends all, whatever they are doing. */
  end(): Promise<void>;
}

/** No measurement takes longer. */
const RUN_MAX_MS = 300_000;
const MEMORY_EVERY_MS = 100;

export async function hireCrew(
  bench: Bench,
  { name, site }: Stage,
  size: number,
  sampled = 0,
): Promise<Crew> {
  const { profileFolder } = bench.options;
  const settledBy = Array.from({ length: size }, () => 0);
  let heard = (): void => undefined;
  const workers = settledBy.map((_, index) =>
    startRemote<WorkerMethods>({
      file: "worker-process",
      execArgv:
        profileFolder === undefined
          ? []
          : [
              "--cpu-prof",
              `--cpu-prof-dir=${profileFolder}`,
              `--cpu-prof-name=${name}-${Date.now()}-${index}.cpuprofile`,
            ],
      onEvent(event) {
        settledBy[index] = (event as Progress).settled;
        heard();
      },
    }),
  );
  await Promise.all(workers.map((worker) => worker.ask("open", name, site, sampled)));
  const memory: number[] = [];
  let sampling: NodeJS.Timeout | undefined;

  return {
    memory,
    async start() {
      sampling = setInterval(
        () => memory.push(Math.max(...workers.map(({ pid }) => memoryOf(pid)))),
        MEMORY_EVERY_MS,
      );
      sampling.unref(); // After a fault nobody ends the crew, and the run must end.
      await Promise.all(workers.map((worker) => worker.ask("start")));
    },
    async settled(count) {
      const sum = (): number => settledBy.reduce((total, settled) => total + settled, 0);
      const patience = new AbortController();
      const enough = new Promise<void>((resolve) => {
        heard = () => sum() >= count && resolve();
        heard();
      });
      const tooLong = wait(RUN_MAX_MS, undefined, { signal: patience.signal }).then(() =>
        insist(false, `${name}: ${sum()} of ${count} jobs were settled in ${RUN_MAX_MS / 1_000} s`),
      );
      await Promise.race([enough, tooLong]).finally(() => patience.abort());
      tooLong.catch(() => undefined);
    },
    cpu: () => workers.reduce((total, { pid }) => total + cpuOf(pid), 0),
    async stop() {
      clearInterval(sampling);
      return await Promise.all(workers.map((worker) => worker.ask("stop")));
    },
    samples: () => Promise.all(workers.map((worker) => worker.ask("samples"))),
    async end() {
      clearInterval(sampling);
      await Promise.all(workers.map((worker) => worker.end()));
    },
  };
}
