import { readdirSync, readFileSync } from "node:fs";

// CPU and memory of processes, from /proc of Linux. On other systems they are NaN, and the bench still
// measures time.

/** Clock ticks a second of the figures in /proc, on every architecture. */
const TICKS_PER_SECOND = 100;
const KIB = 1_024;

interface Stat {
  readonly parent: number;
  /** CPU time of all its threads, in seconds. */
  readonly cpu_seconds: number;
  /** CPU time of its children that have ended, in seconds. */
  readonly ended_children_cpu_seconds: number;
}

/** Returns the CPU seconds of a server and of all its child processes, also of those that have ended. */
export function cpuOfTree(pid: number): number {
  const root = readStat(pid);
  if (!root) return Number.NaN;
  let seconds = root.cpu_seconds + root.ended_children_cpu_seconds;
  for (const entry of readdirSync("/proc")) {
    const child = /^\d+$/.test(entry) ? readStat(Number(entry)) : undefined;
    if (child?.parent === pid) seconds += child.cpu_seconds;
  }
  return seconds;
}

export function cpuOf(pid: number): number {
  return readStat(pid)?.cpu_seconds ?? Number.NaN;
}

/** Returns the resident memory now, in bytes. */
export function memoryOf(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`))?.[1];
  return kib === undefined ? Number.NaN : Number(kib) * KIB;
}

function readStat(pid: number): Stat | undefined {
  const text = read(`/proc/${pid}/stat`);
  // The second field is the name in parentheses, which may contain anything.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [parent, user, system, childUser, childSystem] = [1, 11, 12, 13, 14].map((index) =>
    Number(fields[index]),
  );
  if (text === "" || parent === undefined) return undefined;
  return {
    parent,
    cpu_seconds: ((user ?? 0) + (system ?? 0)) / TICKS_PER_SECOND,
    ended_children_cpu_seconds: ((childUser ?? 0) + (childSystem ?? 0)) / TICKS_PER_SECOND,
  };
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // It has ended, or this is not Linux.
  }
}
