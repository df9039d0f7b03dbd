import { expect, test } from "vitest";
import { atTheEnd } from "../../test/support/cleanup.ts";
import { startProcess, type StartedProcess } from "../../test/support/processes.ts";
import { waitFor } from "../../test/support/wait-for.ts";
import { isAlive } from "./process-table.ts";

const dies = (pid: number): Promise<true> =>
  waitFor(() => !isAlive(pid) as true, { describe: `process ${pid} to die` });

test("a process dies when the parent that watched over it is killed", async () => {
  const { parent, pid } = await startWatched(
    "endWithParent(child.pid, 'SIGTERM');",
    "setInterval(() => {}, 1000);",
  );
  expect(isAlive(pid)).toBe(true);
  parent.signal("SIGKILL");
  await dies(pid);
});

test("other children of the parent do not hold the pipe open", async () => {
  const sibling =
    "const sibling = spawn('sleep', ['601'], { detached: true, stdio: 'ignore' }); console.log('sibling', sibling.pid);";
  const { parent, pid } = await startWatched(
    "endWithParent(child.pid, 'SIGTERM');",
    `${sibling} setInterval(() => {}, 1000);`,
  );
  const [, siblingPid = ""] = await parent.waitForLine(/^sibling (\d+)$/);
  endAfterwards(Number(siblingPid));
  parent.signal("SIGKILL");
  await dies(pid);
  expect(isAlive(Number(siblingPid))).toBe(true);
});

test("a parent that has nothing else to do ends by itself, and the process with it", async () => {
  const { parent, pid } = await startWatched("endWithParent(child.pid, 'SIGTERM');", "");
  expect(await parent.exited).toEqual({ code: 0, signal: null });
  await dies(pid);
});

test("called off, the process outlives its parent", async () => {
  // The second process is watched as well and dies: by then the first would have, too.
  const { parent, pid } = await startWatched(
    "endWithParent(child.pid, 'SIGTERM')();",
    "const other = idle(); endWithParent(other.pid, 'SIGTERM'); console.log('other', other.pid);",
  );
  const [, otherPid = ""] = await parent.waitForLine(/^other (\d+)$/);
  await dies(Number(otherPid));
  expect(isAlive(pid)).toBe(true);
});

function endAfterwards(pid: number): void {
  atTheEnd(async () => {
    if (isAlive(pid)) process.kill(pid);
    await dies(pid);
  });
}

/** A parent with one idle child, and then what the test says. */
async function startWatched(watch: string, then: string): Promise<{ parent: StartedProcess; pid: number }> {
  const module = new URL("./end-with-parent.ts", import.meta.url).href;
  const script = `
    const { spawn } = await import("node:child_process");
    const { endWithParent } = await import(${JSON.stringify(module)});
    const idle = () => {
      const child = spawn("sleep", ["600"], { detached: true, stdio: "ignore" });
      child.unref();
      return child;
    };
    const child = idle();
    ${watch}
    console.log("child", child.pid);
    ${then}`;
  const parent = startProcess(process.execPath, ["--import", "tsx", "--input-type=module", "--eval", script]);
  const [, pid = ""] = await parent.waitForLine(/^child (\d+)$/);
  endAfterwards(Number(pid));
  return { parent, pid: Number(pid) };
}
