import type { Bench } from "../bench.ts";
import type { Scenario } from "../scenario.ts";
import { circumstances, circumstancesWithoutRedis } from "./circumstances.ts";
import { drainCold } from "./drain-cold.ts";
import { fairness, FLOODS } from "./fairness.ts";
import { drainScenario } from "./drain.ts";
import { endToEnd } from "./end-to-end.ts";
import { pickUp } from "./pick-up.ts";
import { submitBulk } from "./submit-bulk.ts";
import { submitHttp } from "./submit-http.ts";

/**
 * Returns the scenarios in order; with `beginnings`, those whose names begin so. Throws when a beginning
 * matches none.
 */
export function findScenarios(bench: Bench, beginnings: readonly string[]): Scenario[] {
  const all = [
    submitBulk(bench),
    submitHttp(bench),
    ...[1, 2, 4].map((runners) => drainScenario(bench, runners)),
    drainCold(bench),
    ...[50, 500].map((rate) => pickUp(bench, rate)),
    endToEnd(bench),
    ...FLOODS.map((flood) => fairness(bench, flood)),
    ...circumstances(bench),
    ...circumstancesWithoutRedis(bench),
  ];
  const unknown = beginnings.find((beginning) => !all.some(({ name }) => name.startsWith(beginning)));
  if (unknown !== undefined)
    throw new Error(
      `--scenario: none begins with ${unknown}; there are ${all.map(({ name }) => name).join(", ")}`,
    );
  if (beginnings.length === 0) return all;
  return all.filter(({ name }) => beginnings.some((beginning) => name.startsWith(beginning)));
}
