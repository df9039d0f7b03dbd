import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { KILL_DELAY_MS } from "../../core/model/limits.ts";
import { GroupWatcher } from "./group-watcher.ts";

/** Processes that left their group are looked for this often at most: a look reads every entry of /proc. */
const SWEEP_INTERVAL_MS = 1_000;
/** In the environment of all processes of an attempt. It is how those are found that left their group. */
const MARK_NAME = "IEP_ATTEMPT";

/**
 * Waits for a line before it becomes the command, so that no command runs that the watcher does not know of:
 * when we die before, the line never comes. `$1`: memory in KiB or `unlimited`. No core dumps: they would
 * hold customers' data.
 */
const LAUNCHER =
  'read -r _ || exit; ulimit -c 0; [ "$1" = unlimited ] || ulimit -d "$1" || exit; shift; exec "$@"';

export interface GroupOptions {
  readonly command: readonly string[];
  readonly cwd: string;
  /** All of it: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  /** Most memory of one process; a Linux kernel counts what is private and writable. Left out: no limit. */
  readonly memory_mb?: number | undefined;
  /** Written to stdin, which is closed then. */
  readonly input: string;
}

export interface ProcessGroup {
  readonly leader: ChildProcessWithoutNullStreams;
  /** Rejects when the command cannot be started: nothing of it has run then. */
  readonly started: Promise<void>;
  /** SIGTERM to all of the group, SIGKILL 2 s later. May be called again. */
  stop(): void;
  /** SIGKILL to all of the group. */
  kill(): void;
}

const runnerMark = `${randomUUID()}.`;
const watcher = new GroupWatcher(`${MARK_NAME}=${runnerMark}`);
let attempts = 0;
let ended: number[] = [];
let sweepTimer: NodeJS.Timeout | undefined;

/**
 * Starts a command as the leader of a process group of its own. What is left of the group when the leader
 * exits is killed; so is all of it when this process dies, however it dies. On Linux that holds for processes
 * that left the group, too, within about a second, unless they also dropped `IEP_ATTEMPT` from their
 * environment.
 */
export function startProcessGroup(options: GroupOptions): ProcessGroup {
  attempts += 1;
  const attempt = attempts;
  const memory = options.memory_mb === undefined ? "unlimited" : String(options.memory_mb * 1_024);
  const leader = spawn("/bin/sh", ["-c", LAUNCHER, "sh", memory, ...options.command], {
    cwd: options.cwd,
    env: { ...options.env, [MARK_NAME]: `${runnerMark}${attempt};` },
    detached: true,
  });
  // `started` tells of it; without this an error that comes before somebody listens would end the runner.
  leader.on("error", () => undefined);
  // Against its type: without a free file descriptor there are no pipes.
  if ((leader.stdin as unknown) === undefined) throw new Error("this process has too many files open");
  // A command need not read its input: that the pipe is closed then is no fault.
  leader.stdin.on("error", () => undefined);
  let isOver = false;
  let stopTimer: NodeJS.Timeout | undefined;
  const signalAll = (name: NodeJS.Signals): void => {
    // Not after the leader was waited for: its number may be a stranger's.
    if (isOver || leader.pid === undefined) return;
    try {
      process.kill(-leader.pid, name);
    } catch {
      // Nobody is left.
    }
  };
  leader.once("exit", () => {
    clearTimeout(stopTimer);
    // No number is given out again while a group has it: who is left is ours.
    signalAll("SIGKILL");
    isOver = true;
    if (leader.pid !== undefined) watcher.remove(leader.pid);
    sweepSoon(attempt);
  });
  return {
    leader,
    started: letRun(leader, options.input).catch((error: unknown) => {
      signalAll("SIGKILL");
      throw error;
    }),
    stop: () => {
      signalAll("SIGTERM");
      stopTimer ??= setTimeout(() => signalAll("SIGKILL"), KILL_DELAY_MS);
    },
    kill: () => signalAll("SIGKILL"),
  };
}

async function letRun(leader: ChildProcessWithoutNullStreams, input: string): Promise<void> {
  await once(leader, "spawn");
  if (leader.pid !== undefined) await watcher.add(leader.pid);
  leader.stdin.end(`\n${input}\n`);
}

/** The first of a quiet time at once, those of the second after it together. */
function sweepSoon(attempt: number): void {
  ended.push(attempt);
  if (sweepTimer === undefined) sweep();
}

function sweep(): void {
  sweepTimer = undefined;
  if (ended.length === 0) return;
  watcher.sweep(ended);
  ended = [];
  sweepTimer = setTimeout(sweep, SWEEP_INTERVAL_MS).unref();
}
