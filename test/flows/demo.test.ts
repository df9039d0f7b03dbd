import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { Redis } from "ioredis";
import { expect, inject, test } from "vitest";
import { processCommand } from "../../src/local/process-table.ts";
import { startIep, type StartedProcess } from "../support/processes.ts";
import { waitFor } from "../support/wait-for.ts";

/** What the demo allows itself on a busy machine, and a little more. */
const TIMEOUT_MS = 75_000;

test(
  "the demo does the main job, finds every promise kept, and leaves nothing behind",
  { timeout: TIMEOUT_MS },
  async () => {
    // As `npm run demo` starts it: API, runner and threads all from the sources.
    const demo = startIep(["demo"], { from: "checkout" });
    const [, folder = ""] = await demo.waitForLine(/PostgreSQL {2,}embedded, in (\S+)/, TIMEOUT_MS);
    await waitFor(async () => (await processesOf(folder)).length > 0, { describe: "its PostgreSQL" });

    expect(await demo.exited).toEqual({ code: 0, signal: null });
    expect(demo.stdout.join("\n")).not.toContain("\u001B");
    expect(demo.stdout.filter((line) => /^ +\d+\/\d+ .* waiting: /.test(line)).length).toBeGreaterThan(1);
    expect(section(demo, "Audit").length).toBeGreaterThan(5);
    expect(section(demo, "Checks")).toHaveLength(10);
    for (const line of [...section(demo, "Audit"), ...section(demo, "Checks")])
      expect(line).toMatch(/^ {2}ok /);
    expect(
      section(demo, "Waiting, from created_at to started_at").map((line) => line.trim().split(" ")[0]),
    ).toEqual(["PRIORITY", "high", "medium", "low"]);
    expect(section(demo, "Wallets")).toHaveLength(1 + 5);
    expect(demo.stderr).toEqual([]);
    await expectNothingLeft(folder);
  },
);

test(
  "the demo runs on Redis where one is named, and an interruption leaves nothing there or here",
  { timeout: TIMEOUT_MS },
  async () => {
    const demo = startIep(["demo"], { env: { REDIS_URL: inject("redisUrl") } });
    const [, folder = ""] = await demo.waitForLine(/PostgreSQL {2,}embedded, in (\S+)/, TIMEOUT_MS);
    await waitFor(async () => (await demoKeys()).length > 0, {
      timeoutMs: TIMEOUT_MS,
      describe: "jobs in Redis",
    });

    demo.signal("SIGINT");
    expect(await demo.exited).toEqual({ code: 130, signal: null });
    expect(demo.stderr).toEqual(["Interrupted; cleaning up."]);
    expect(await demoKeys()).toEqual([]);
    await expectNothingLeft(folder);
  },
);

/** The lines below a title, up to the next empty one. */
function section({ stdout }: StartedProcess, title: string): string[] {
  const start = stdout.indexOf(title) + 1;
  return start === 0 ? [] : stdout.slice(start, stdout.indexOf("", start));
}

async function expectNothingLeft(folder: string): Promise<void> {
  expect(folder).toContain("iep-demo-");
  expect(existsSync(folder)).toBe(false);
  expect(await processesOf(folder)).toEqual([]);
}

/** Processes whose command line names the folder: its PostgreSQL does. */
async function processesOf(folder: string): Promise<string[]> {
  if (process.platform !== "linux") return [];
  const pids = (await readdir("/proc")).map(Number).filter((pid) => pid > 0);
  const commands = await Promise.all(pids.map((pid) => processCommand(pid)));
  return commands.filter((command) => command !== undefined && command.includes(folder)).map(String);
}

async function demoKeys(): Promise<string[]> {
  const redis = new Redis(inject("redisUrl"));
  try {
    return await redis.keys("{demo-*");
  } finally {
    redis.disconnect();
  }
}
