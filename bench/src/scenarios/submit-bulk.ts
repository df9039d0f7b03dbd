import { insistOnCounts, withStage, type Bench } from "../bench.ts";
import { contest } from "../contest.ts";
import { say, type Scenario } from "../scenario.ts";
import { BATCH, CALLERS } from "./submit.ts";

const JOBS = 20_000;
const WARM_UP = 2_000;

export const submitBulk = (bench: Bench): Scenario => ({
  name: "submit-bulk",
  title: "Submit in bulk",
  about: `${say(bench.scaled(JOBS, BATCH))} jobs in calls of ${say(BATCH)}, ${CALLERS} calls at a time, after ${say(bench.scaled(WARM_UP, BATCH))} to warm up. No runner.`,
  columns: [
    { key: "per_second", title: "jobs/s", digits: 0 },
    { key: "postgres_cpu", title: "PostgreSQL CPU s / 1,000", digits: 3 },
    { key: "redis_cpu", title: "Redis CPU s / 1,000", digits: 3 },
  ],
  better: "more",
  compare: "peers",
  prepare: () =>
    contest(bench, async (name, { share }) =>
      withStage(bench, name, {}, async (stage) => {
        const { client } = stage;
        const [jobs, warmUp] = [bench.scaled(JOBS * share, BATCH), bench.scaled(WARM_UP * share, BATCH)];
        await client.ask("submitBulk", { first: 0, count: warmUp, batch: BATCH, callers: CALLERS });
        await bench.servers.checkpoint();
        const before = bench.servers.cpu();
        const ms = await client.ask("submitBulk", {
          first: warmUp,
          count: jobs,
          batch: BATCH,
          callers: CALLERS,
        });
        const after = bench.servers.cpu();
        await insistOnCounts(stage, { open: warmUp + jobs, succeeded: 0 });
        return {
          per_second: jobs / (ms / 1_000),
          postgres_cpu: (after.postgres - before.postgres) / (jobs / 1_000),
          redis_cpu: (after.redis - before.redis) / (jobs / 1_000),
        };
      }),
    ),
});
