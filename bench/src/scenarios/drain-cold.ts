import { withStage, type Bench } from "../bench.ts";
import { contest } from "../contest.ts";
import { drain } from "../drain.ts";
import { say, type Scenario } from "../scenario.ts";
import { DRAIN_LEAST } from "./drain.ts";
import { submit } from "./submit.ts";

const JOBS = 20_000;

export const drainCold = (bench: Bench): Scenario => ({
  name: "cold-drain",
  title: "Drain from a cold start",
  about: `${say(bench.scaled(JOBS, DRAIN_LEAST))} no-op jobs wait; one runner that is not there yet runs them. From the start of its process to the last settle.`,
  columns: [
    { key: "cold_per_second", title: "jobs/s", digits: 0 },
    { key: "cold_seconds", title: "s", digits: 2 },
  ],
  better: "more",
  compare: "peers",
  prepare: () =>
    contest(bench, async (name, { share }) =>
      withStage(bench, name, {}, async (stage) => {
        const jobs = bench.scaled(JOBS * share, DRAIN_LEAST);
        await submit(stage, jobs);
        return await drain(bench, stage, { jobs, runners: 1 });
      }),
    ),
});
