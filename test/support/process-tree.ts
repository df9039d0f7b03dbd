import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** The processes that a process has started, and those that they have started, as they are now. */
async function descendants(pid: number): Promise<number[]> {
  const { stdout } = await promisify(execFile)("ps", ["-A", "-o", "pid=,ppid="]);
  const rows = stdout
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number));
  const found = [pid];
  for (const parent of found)
    found.push(...rows.flatMap(([child, of]) => (of === parent && child !== undefined ? [child] : [])));
  return found.slice(1);
}

/** Kills all that a process has started, and leaves the process itself. */
export async function killDescendants(pid: number): Promise<void> {
  for (const child of await descendants(pid)) {
    try {
      process.kill(child, "SIGKILL");
    } catch {
      // It has ended by itself.
    }
  }
}
