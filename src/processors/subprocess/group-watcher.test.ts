import { readdir, readlink } from "node:fs/promises";
import { expect, test } from "vitest";
import { startProcess, type StartedProcess } from "../../../test/support/processes.ts";
import { waitFor } from "../../../test/support/wait-for.ts";
import { isAlive } from "../../local/process-table.ts";
import { directoryWith } from "../../../test/support/directory-with.ts";

/** The promise: a killed runner leaves nothing that runs longer. */
const ORPHAN_MS_MAX = 2_000;

const RUNNER = `
  const { readProcessorJson } = await import(${moduleUrl("./processor-json.ts")});
  const { testContext } = await import(${moduleUrl("../sdk/test-context.ts")});
  const processor = await readProcessorJson(process.argv[1]);
  const context = { ...testContext(), progress: (_fraction, pid) => console.log("pid", pid) };
  processor.run(null, context).then(() => console.log("ended"));`;

/**
 * Leader, child and grandchild, all deaf to SIGTERM; the last two, where the system has \`setsid\`, outside
 * the group.
 */
const FAMILY = `#!/bin/sh
  trap '' TERM
  say='echo "{\\"progress\\":0,\\"message\\":\\"$$\\"}"'
  eval "$say"
  sh -c "$say; sh -c '$say; sleep 600; :' & wait" &
  if command -v setsid >/dev/null; then
    setsid sh -c "$say; sh -c '$say; sleep 600; :' & wait" &
  else
    sh -c "$say; sh -c '$say; sleep 600; :' & wait" &
  fi
  wait`;

test("nothing of a command outlives a runner that is killed", async () => {
  const { runner, pids } = await startRunner(FAMILY, 5);
  expect(new Set(pids).size).toBe(5);
  expect(pids.map(isAlive)).toEqual([true, true, true, true, true]);
  const started_at = performance.now();
  runner.signal("SIGKILL");
  await die(pids);
  const took_ms = performance.now() - started_at;
  console.log(
    `orphans: ${pids.length} processes were gone ${took_ms.toFixed(0)} ms after kill -9 of their runner`,
  );
  expect(took_ms).toBeLessThan(ORPHAN_MS_MAX);
});

test.runIf(process.platform === "linux")(
  "a runner that is killed while it starts commands leaves none",
  async () => {
    const folder = await directoryWith({
      "run.sh": "#!/bin/sh\n>started; exec sleep 600",
      "processor.json": JSON.stringify({ id: "a", command: ["./run.sh"] }),
    });
    const script = `
      const { existsSync } = await import("node:fs");
      const { readProcessorJson } = await import(${moduleUrl("./processor-json.ts")});
      const { testContext } = await import(${moduleUrl("../sdk/test-context.ts")});
      const processor = await readProcessorJson("${folder}/processor.json");
      setInterval(() => {
        // When the first run, the watcher has not been told of the last.
        for (let n = 0; n < 4; n += 1) void processor.run(null, testContext());
        if (existsSync("${folder}/started")) process.kill(process.pid, "SIGKILL");
      });`;
    const runner = startProcess(process.execPath, [...NODE, script]);
    expect(await runner.exited).toMatchObject({ signal: "SIGKILL" });
    await waitFor(async () => (await processesIn(folder)).length === 0, {
      timeoutMs: ORPHAN_MS_MAX,
      describe: "all commands to die",
    });
  },
);

test("a watcher that is killed is replaced, and the new one knows the groups of before", async () => {
  const script = `
    const { spawn } = await import("node:child_process");
    const { GroupWatcher } = await import(${moduleUrl("./group-watcher.ts")});
    const sleep = () => spawn("sleep", ["600"], { detached: true, stdio: "ignore" });
    const watcher = new GroupWatcher("IEP_TEST=none.");
    const [kept, removed] = [sleep(), sleep()];
    await watcher.add(kept.pid);
    await watcher.add(removed.pid);
    watcher.remove(removed.pid);
    console.log("pids", kept.pid, removed.pid, watcher.pid);
    const first = watcher.pid;
    setInterval(() => watcher.pid && watcher.pid !== first && console.log("watcher", watcher.pid), 10);`;
  const runner = startProcess(process.execPath, [...NODE, script]);
  const [, ...numbers] = await runner.waitForLine(/^pids (\d+) (\d+) (\d+)$/);
  const [kept = 0, removed = 0, watcher = 0] = numbers.map(Number);
  try {
    process.kill(watcher, "SIGKILL");
    await runner.waitForLine(/^watcher/);
    runner.signal("SIGKILL");
    await die([kept]);
    expect(isAlive(removed)).toBe(true);
  } finally {
    process.kill(removed, "SIGKILL");
  }
});

test("SIGTERM to all of a service leaves the watcher at its post, also one that has just begun", async () => {
  const script = `
    const { GroupWatcher } = await import(${moduleUrl("./group-watcher.ts")});
    const { spawn } = await import("node:child_process");
    const start = async () => {
      const sleep = spawn("sleep", ["600"], { detached: true, stdio: "ignore" });
      const watcher = new GroupWatcher("IEP_TEST=none.");
      await watcher.add(sleep.pid);
      process.kill(watcher.pid, "SIGTERM");
      return sleep.pid;
    };
    const pids = [];
    while (pids.length < 20) pids.push(await start());
    console.log("pids", ...pids);
    process.kill(process.pid, "SIGKILL");`;
  const runner = startProcess(process.execPath, [...NODE, script]);
  const [, numbers = ""] = await runner.waitForLine(/^pids ([\d ]+)$/);
  const pids = numbers.split(" ").map(Number);
  expect(pids).toHaveLength(20);
  try {
    await die(pids);
  } finally {
    for (const pid of pids.filter(isAlive)) process.kill(pid, "SIGKILL");
  }
});

test("a runner whose commands have ended ends by itself, and its watcher after it", async () => {
  const { runner, pids } = await startRunner(
    `#!/bin/sh\necho "{\\"progress\\":1,\\"message\\":\\"$PPID\\"}"`,
    1,
  );
  expect(pids).toEqual([runner.pid]);
  expect(await runner.exited).toEqual({ code: 0, signal: null });
});

const NODE = ["--import", "tsx", "--input-type=module", "--eval"];

function moduleUrl(path: string): string {
  return JSON.stringify(new URL(path, import.meta.url).href);
}

const die = (pids: readonly number[]): Promise<true> =>
  waitFor(() => pids.every((pid) => !isAlive(pid)), { describe: `${pids.join(", ")} to die` });

/** A process that runs one attempt of this script, and the numbers that the script has told so far. */
async function startRunner(
  script: string,
  count: number,
): Promise<{ runner: StartedProcess; pids: readonly number[] }> {
  const folder = await directoryWith({
    "run.sh": script,
    "processor.json": JSON.stringify({ id: "a", command: ["./run.sh"] }),
  });
  const runner = startProcess(process.execPath, [...NODE, RUNNER, `${folder}/processor.json`]);
  const told = (): number[] =>
    runner.stdout.flatMap((line) => (/^pid \d+$/.test(line) ? [Number(line.slice(4))] : []));
  await waitFor(() => told().length === count, { describe: `${count} processes` });
  return { runner, pids: told() };
}

/** Those whose working directory it is. */
async function processesIn(folder: string): Promise<string[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const folders = await Promise.all(pids.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => "")));
  return pids.filter((_pid, index) => folders[index] === folder);
}
