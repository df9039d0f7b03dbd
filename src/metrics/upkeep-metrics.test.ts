import { pino } from "pino";
import { expect, test, vi } from "vitest";
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

test("an audit is shown once there was one", async () => {
  const metrics = createMetrics();
  const meter = meterUpkeep(metrics);
  expect(await linesOf(metrics, "iep_audit")).toEqual([]);
  const clock = vi.spyOn(Date, "now").mockReturnValue(1_000_000);
  try {
    meter.audited({ broken: 2, seconds: 1.5, next_ms: 900_000 });
    expect(await linesOf(metrics, "iep_audit")).toEqual([
      "iep_audit_ok 0",
      "iep_audit_broken_promises 2",
      "iep_audit_duration_seconds 1.5",
      expect.stringMatching(/^iep_audit_timestamp_seconds \d+/),
      "iep_audit_interval_seconds 900",
    ]);
    meter.audited({ broken: 0, seconds: 1.5, next_ms: 900_000 });
    expect(await linesOf(metrics, "iep_audit_ok")).toEqual(["iep_audit_ok 1"]);
  } finally {
    clock.mockRestore();
  }
});
