import type { Bench } from "../bench.ts";
import { contest } from "../contest.ts";
import { live } from "../live.ts";
import type { Scenario } from "../scenario.ts";

const SECONDS = 5;

export const pickUp = (bench: Bench, rate_per_second: number): Scenario => ({
  name: `pick-up-${rate_per_second}`,
  title: `Pick-up at ${rate_per_second} jobs a second`,
  about: `From the call that submits a job to the first line of its code, in another process that idles: ${rate_per_second} a second for ${bench.scaled(SECONDS, 1)} s a round, one by one.`,
  columns: [
    { key: "started_p50", title: "p50 ms", digits: 2 },
    { key: "started_p99", title: "p99 ms", digits: 2 },
  ],
  better: "less",
  compare: "peers",
  prepare: () =>
    contest(bench, (name) => live(bench, name, { rate_per_second, seconds: bench.scaled(SECONDS, 1) })),
});
