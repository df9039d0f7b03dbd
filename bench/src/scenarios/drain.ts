import { withStage, type Bench } from "../bench.ts";
import { contest } from "../contest.ts";
import { drain } from "../drain.ts";
import { say, type Column, type Scenario } from "../scenario.ts";
import { submit } from "./submit.ts";

const DRAIN_JOBS = 50_000;
/** With fewer jobs, a drain is over before every runner has started. */
export const DRAIN_LEAST = 5_000;

export const DRAIN_COLUMNS: readonly Column[] = [
  { key: "per_second", title: "jobs/s", digits: 0 },
  { key: "runner_cpu", title: "runner CPU s / 1,000", digits: 3 },
  { key: "postgres_cpu", title: "PostgreSQL CPU s / 1,000", digits: 3 },
  { key: "redis_cpu", title: "Redis CPU s / 1,000", digits: 3 },
  { key: "memory_half_mib", title: "RSS MiB half way", digits: 0 },
  { key: "memory_mib", title: "RSS MiB at most", digits: 0 },
];

export const drainScenario = (bench: Bench, runners: number): Scenario => ({
  name: `drain-${runners}`,
  title: `Drain with ${runners} runner${runners === 1 ? "" : "s"}`,
  about: `${say(bench.scaled(DRAIN_JOBS, DRAIN_LEAST))} no-op jobs wait; ${runners === 1 ? "one process runs" : `${runners} processes run`} them. The rate from when 5 % were settled to the end of the last, everything written.`,
  columns: DRAIN_COLUMNS,
  better: "more",
  compare: "peers",
  prepare: () =>
    contest(bench, async (name, { share }) =>
      withStage(bench, name, {}, async (stage) => {
        const jobs = bench.scaled(DRAIN_JOBS * share, DRAIN_LEAST);
        await submit(stage, jobs);
        return await drain(bench, stage, { jobs, runners });
      }),
    ),
});
