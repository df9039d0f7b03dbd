import { expect, test, vi } from "vitest";
import type { GaugeRepository } from "../core/model/gauges.ts";
import { connect } from "../../test/support/sql.ts";
import { createCustomer, createTestPlatform } from "../../test/support/test-platform.ts";
import { watchDatabase } from "./database-metrics.ts";
import { createMetrics, type Metrics } from "./metrics.ts";

async function linesOf(metrics: Metrics): Promise<string[]> {
  return (await metrics.read()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

test("however often it is scraped, the database is read once", async () => {
  const { platform } = await createTestPlatform();
  await createCustomer(platform, 500);
  const queue = vi.spyOn(platform.gauges, "queue");
  const money = vi.spyOn(platform.gauges, "money");
  const metrics = createMetrics();
  watchDatabase(metrics, platform.gauges);
  for (let round = 0; round < 5; round += 1)
    expect(await linesOf(metrics)).toContain('iep_balance_cents{currency="EUR"} 500');
  await Promise.all(Array.from({ length: 20 }, () => metrics.read()));
  expect([queue.mock.calls.length, money.mock.calls.length]).toEqual([1, 1]);
});

test("what cannot be read is left out, and all else stays", async () => {
  const { platform, databaseUrl } = await createTestPlatform();
  const metrics = createMetrics();
  watchDatabase(metrics, platform.gauges);
  const client = await connect(databaseUrl);
  await client.query("BEGIN; LOCK TABLE wallets IN ACCESS EXCLUSIVE MODE");
  const lines = await linesOf(metrics);
  await client.query("ROLLBACK");
  expect(lines).toContain("iep_runners 0");
  expect(lines).toContain('iep_figures_read{figures="queue"} 1');
  expect(lines).toContain('iep_figures_read{figures="money"} 0');
  expect(lines.filter((line) => /cents|wallets/.test(line))).toEqual([]);
});

test("nothing of an earlier read is shown while the database is away", async () => {
  // Before the clock stands still: this process learns the database's time by it.
  const { platform } = await createTestPlatform();
  const real = await platform.gauges.queue();
  const clock = vi.spyOn(performance, "now").mockReturnValue(1_000);
  try {
    let isAway = false;
    const read = async <T>(value: T): Promise<T> => {
      if (isAway) throw new Error("away");
      return await Promise.resolve(value);
    };
    const figures: GaugeRepository = {
      queue: () => read({ ...real, runners: 3 }),
      money: () => read([]),
      waits: () => read([]),
    };
    const metrics = createMetrics();
    watchDatabase(metrics, figures);
    expect(await linesOf(metrics)).toContain("iep_runners 3");
    isAway = true;
    clock.mockReturnValue(100_000);
    expect(await linesOf(metrics)).toEqual([
      expect.stringContaining("iep_build_info"),
      'iep_figures_read{figures="queue"} 0',
      'iep_figures_read{figures="money"} 0',
    ]);
  } finally {
    clock.mockRestore();
  }
});
