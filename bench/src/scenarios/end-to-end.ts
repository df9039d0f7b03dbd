import type { Bench } from "../bench.ts";
import { contest } from "../contest.ts";
import { live } from "../live.ts";
import type { Scenario } from "../scenario.ts";

const RATE_PER_SECOND = 500;
/**
 * The duration of one round. Three rounds make a minute, so that a bad moment of the machine does not decide
 * the result.
 */
const SECONDS = 20;

export const endToEnd = (bench: Bench): Scenario => ({
  name: "end-to-end",
  title: "End to end",
  about: `${RATE_PER_SECOND} jobs a second for ${bench.scaled(SECONDS, 1)} s a round to one runner: from the call that submits to the moment when the store knows that the job has ended.`,
  columns: [
    { key: "settled_p50", title: "p50 ms", digits: 2 },
    { key: "settled_p99", title: "p99 ms", digits: 2 },
    { key: "settled_max", title: "max ms", digits: 1 },
  ],
  better: "less",
  compare: "peers",
  prepare: () =>
    contest(bench, (name) =>
      live(bench, name, { rate_per_second: RATE_PER_SECOND, seconds: bench.scaled(SECONDS, 1) }),
    ),
});
