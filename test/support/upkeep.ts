import { pino } from "pino";
import type { OpenPlatform } from "../../src/bin/open-platform.ts";
import { upkeepTasks, type UpkeepSettings } from "../../src/upkeep/tasks.ts";
import { startUpkeep, type UpkeepTask } from "../../src/upkeep/upkeep.ts";
import { atTheEnd } from "./cleanup.ts";

/** One task of a runner's upkeep, by its name. Without settings nothing ages and nothing is deleted. */
export function upkeepTask(
  platform: OpenPlatform,
  name: string,
  settings: Partial<UpkeepSettings> = {},
): UpkeepTask {
  const task = upkeepTasks(platform, {
    ageing_seconds: 0,
    retention_days: 0,
    lease_seconds: 10,
    contact_ms: () => 0,
    ...settings,
  }).find((one) => one.name === name);
  if (!task) throw new Error(`there is no upkeep task "${name}"`);
  return task;
}

/** Refills the ready queue as a runner does, and does no other upkeep. Ends with the test. */
export function startRefill(platform: OpenPlatform): void {
  const upkeep = startUpkeep([upkeepTask(platform, "refill")], pino({ level: "silent" }));
  atTheEnd(() => upkeep.stop());
}
