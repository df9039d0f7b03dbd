import { insist, insistOnCounts, type Bench, type Stage } from "./bench.ts";
import { now } from "./clock.ts";
import { hireCrew } from "./crew.ts";
import type { WorkDone } from "./processes/worker-process.ts";
import type { Values } from "./scenario.ts";

interface DrainOptions {
  /** How many jobs wait, from number `first` on. */
  readonly jobs: number;
  readonly first?: number;
  readonly runners: number;
  /** How many jobs wait behind those. The drain ends before it takes them. */
  readonly behind?: number;
  /** How many jobs had succeeded before. */
  readonly before?: number;
}

const MIB = 1_024 ** 2;

/**
 * The clock starts when this part of the jobs has been settled. By then every runner runs, whatever its
 * library does at its start, and no contender is ahead by the batches that it fetched before its first job
 * started.
 */
const RUN_UP = 0.05;

/** Runs the waiting jobs. Throws unless every job ran once and the money is right. */
export async function drain(bench: Bench, stage: Stage, options: DrainOptions): Promise<Values> {
  const { jobs, runners, first = 0, behind = 0, before = 0 } = options;
  const { servers } = bench;
  await servers.checkpoint();
  const began_at = now();
  const crew = await hireCrew(bench, stage, runners);
  const [cpu_before, crew_before] = [servers.cpu(), crew.cpu()];
  await crew.start();
  await crew.settled(jobs);
  const [cpu_after, crew_after] = [servers.cpu(), crew.cpu()];
  const done = await crew.stop();
  await crew.end();

  const total = (of: "started" | "settled" | "sum"): number => done.reduce((sum, one) => sum + one[of], 0);
  const [started, settled] = [total("started"), total("settled")];
  insist(started === settled, `${stage.name}: ${started} jobs were started and ${settled} settled`);
  if (behind === 0) {
    insist(settled === jobs, `${stage.name}: ${settled} jobs were settled, not ${jobs}`);
    const sum = (jobs * (first + first + jobs - 1)) / 2;
    insist(total("sum") === sum, `${stage.name}: some jobs were settled twice, others never`);
  }
  await insistOnCounts(stage, { open: jobs + behind - settled, succeeded: before + settled });

  const thousands = settled / 1_000;
  const { memory } = crew;
  return {
    per_second: steadyRate(done, jobs * RUN_UP),
    ...sinceBegin(done, began_at),
    runner_cpu: (crew_after - crew_before) / thousands,
    postgres_cpu: (cpu_after.postgres - cpu_before.postgres) / thousands,
    redis_cpu: (cpu_after.redis - cpu_before.redis) / thousands,
    memory_mib: Math.max(...memory) / MIB,
    memory_end_mib: (memory.at(-1) ?? Number.NaN) / MIB,
    memory_half_mib: (memory[memory.length >> 1] ?? Number.NaN) / MIB,
    settled,
  };
}

/** From before the first process was started to the last settle. */
function sinceBegin(done: readonly WorkDone[], began_at: number): Values {
  const ended_at = Math.max(...done.flatMap(({ marks }) => marks.map(({ at }) => at)));
  const settled = done.reduce((sum, one) => sum + one.settled, 0);
  const cold_seconds = (ended_at - began_at) / 1_000;
  return { cold_seconds, cold_per_second: settled / cold_seconds };
}

/** Returns the jobs a second of all runners together, from when `run_up` jobs had been settled to the end. */
function steadyRate(done: readonly WorkDone[], run_up: number): number {
  const steps = done.flatMap(({ marks }) =>
    marks.map(({ at, settled }, index) => ({ at, jobs: settled - (marks[index - 1]?.settled ?? 0) })),
  );
  let total = 0;
  let begin: { at: number; total: number } | undefined;
  let end = 0;
  for (const { at, jobs } of steps.toSorted((a, b) => a.at - b.at)) {
    total += jobs;
    end = at;
    if (total >= run_up) begin ??= { at, total };
  }
  return begin ? (total - begin.total) / ((end - begin.at) / 1_000) : Number.NaN;
}
