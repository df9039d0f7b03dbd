import { pino } from "pino";
import { expect, test } from "vitest";
import { atTheEnd } from "../../test/support/cleanup.ts";
import { waitFor } from "../../test/support/wait-for.ts";
import { startUpkeep } from "../upkeep/upkeep.ts";
import { createMetrics, type Metrics } from "./metrics.ts";
import { meterUpkeep } from "./upkeep-metrics.ts";

async function linesOf(metrics: Metrics, name: string): Promise<string[]> {
  return (await metrics.read()).split("\n").filter((line) => line.startsWith(name));
}

test("the duration and the failures of a task are counted, and how long one that fails is overdue", async () => {
  const metrics = createMetrics();
  const tasks = [
    { name: "works", every_ms: 5, runOnce: () => Promise.resolve(false) },
    { name: "fails", every_ms: 5, runOnce: () => Promise.reject(new Error("away")) },
  ];
  const upkeep = startUpkeep(tasks, pino({ level: "silent" }), meterUpkeep(metrics));
  atTheEnd(() => upkeep.stop());
  const value = async (series: string) => Number((await linesOf(metrics, `${series} `))[0]?.split(" ")[1]);
  await waitFor(async () => (await value('iep_upkeep_duration_seconds_count{task="works"}')) > 2);
  await waitFor(async () => (await value('iep_upkeep_failures_total{task="fails"}')) > 2);
  await waitFor(async () => (await value('iep_upkeep_lag_seconds{task="fails"}')) > 0.1);
  expect(await value('iep_upkeep_failures_total{task="works"}')).toBe(0);
  expect(await value('iep_upkeep_lag_seconds{task="works"}')).toBeLessThan(
    await value('iep_upkeep_lag_seconds{task="fails"}'),
  );
});
