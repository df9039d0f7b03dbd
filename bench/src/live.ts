import { insist, withStage, type Bench } from "./bench.ts";
import type { ContenderName } from "./contenders.ts";
import { hireCrew } from "./crew.ts";
import type { Samples } from "./processes/worker-process.ts";
import type { Values } from "./scenario.ts";
import { quantile } from "./statistics.ts";

interface LiveOptions {
  readonly rate_per_second: number;
  readonly seconds: number;
}

/** Jobs that run at the same rate before the measurement begins. */
const WARM_UP_JOBS = 100;

/**
 * Measures how long jobs wait until they start and until they are settled, when they come at a fixed rate to
 * an idle runner.
 */
export async function live(bench: Bench, name: ContenderName, options: LiveOptions): Promise<Values> {
  const { rate_per_second, seconds } = options;
  const count = Math.round(rate_per_second * seconds);
  const all = WARM_UP_JOBS + count;
  return await withStage(bench, name, { purpose: "latency" }, async (stage) => {
    const { client } = stage;
    await bench.servers.checkpoint();
    const crew = await hireCrew(bench, stage, 1, all);
    await crew.start();
    await client.ask("submitPaced", { first: 0, count: WARM_UP_JOBS, rate_per_second });
    await crew.settled(WARM_UP_JOBS);
    const called_at = await client.ask("submitPaced", { first: WARM_UP_JOBS, count, rate_per_second });
    await crew.settled(all);
    const [done] = await crew.stop();
    insist(done?.settled === all, `${name}: ${done?.settled} jobs were settled, not ${all}`);
    const [samples] = await crew.samples();
    await crew.end();
    const latency = (of: keyof Samples): Float64Array =>
      called_at.map((called, index) => (samples?.[of][WARM_UP_JOBS + index] ?? Number.NaN) - called);
    const [started, settled] = [latency("started_at"), latency("settled_at")];
    return {
      started_p50: quantile(started, 0.5),
      started_p99: quantile(started, 0.99),
      settled_p50: quantile(settled, 0.5),
      settled_p99: quantile(settled, 0.99),
      settled_max: quantile(settled, 1),
    };
  });
}
