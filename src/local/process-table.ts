import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";

/** Whether a process with this number runs, ours or another user's. */
export function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
  return !hasEnded(pid);
}

/**
 * In a container whose first process is no init, the ended stay in the table for ever, as zombies, when
 * nobody waits for them.
 */
function hasEnded(pid: number): boolean {
  try {
    return process.platform === "linux" && /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return true; // It ended this very moment.
  }
}

/** The command line of a process, or undefined where that cannot be known. */
export async function processCommand(pid: number): Promise<string | undefined> {
  try {
    // Without `ps`, which slim images lack, where the kernel tells.
    if (process.platform === "linux")
      return (await readFile(`/proc/${pid}/cmdline`, "utf8")).replaceAll("\0", " ").trim() || undefined;
    return (
      (await promisify(execFile)("ps", ["-o", "command=", "-p", String(pid)])).stdout.trim() || undefined
    );
  } catch {
    return undefined;
  }
}
