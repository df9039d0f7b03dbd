import { setTimeout as wait } from "node:timers/promises";
import { withStage, type Bench } from "../bench.ts";
import { FAIR_SLOTS } from "../contender.ts";
import { contest } from "../contest.ts";
import { hireCrew, type Crew } from "../crew.ts";
import { say, type Scenario } from "../scenario.ts";
import { quantile } from "../statistics.ts";

const OTHERS = 20;
const LOOK_MS = 100;
/** Seven times as long as others may wait. */
const WAIT_MAX_S = 30;

interface Flood {
  readonly jobs: number;
  readonly least: number;
  readonly ms: number;
}

export const FLOODS: readonly Flood[] = [
  { jobs: 20_000, least: 2_000, ms: 5 },
  { jobs: 1_000, least: 100, ms: 400 },
];

export const fairness = (bench: Bench, { jobs, least, ms }: Flood): Scenario => {
  const flood = bench.scaled(jobs, least);
  return {
    name: `fairness-${ms}ms`,
    title: `Fairness, jobs of ${ms} ms`,
    about: `One customer submits ${say(flood)} jobs of ${ms} ms, then ${OTHERS} others submit one each; ${FAIR_SLOTS} jobs run at a time. How long the others wait until theirs start; ${WAIT_MAX_S} s mean at least that. Who cannot let customers take turns has no figure: groups of BullMQ are paid.`,
    columns: [
      { key: "wait_p50", title: "others wait s, median", digits: 2 },
      { key: "wait_max", title: "s at most", digits: 2 },
    ],
    better: "less",
    compare: "peers",
    prepare: () =>
      contest(bench, async (name, contender) => {
        if (contender.fairness === undefined) return { wait_p50: Number.NaN, wait_max: Number.NaN };
        return await withStage(bench, name, { purpose: "fairness", customers: OTHERS + 1 }, async (stage) => {
          await bench.servers.checkpoint();
          const crew = await hireCrew(bench, stage, 1, flood + OTHERS);
          await crew.start();
          const called_at = await stage.client.ask("submitFlood", { flood, others: OTHERS, ms });
          const started_at = await othersStarted(crew, flood);
          await crew.end();
          const waits = started_at.map((at, index) =>
            Number.isNaN(at) ? WAIT_MAX_S : (at - (called_at[index] ?? Number.NaN)) / 1_000,
          );
          return { wait_p50: quantile(waits, 0.5), wait_max: quantile(waits, 1) };
        });
      }),
  };
};

/** When each of them started; NaN for those that did not within `WAIT_MAX_S`. */
async function othersStarted(crew: Crew, flood: number): Promise<Float64Array> {
  const deadline = performance.now() + WAIT_MAX_S * 1_000;
  for (;;) {
    const [samples] = await crew.samples();
    const others = samples?.started_at.slice(flood);
    if (others && (performance.now() > deadline || others.every(Number.isFinite))) return others;
    await wait(LOOK_MS);
  }
}
