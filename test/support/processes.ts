import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { inject } from "vitest";
import { endWithParent } from "../../src/local/end-with-parent.ts";
import { atTheEnd } from "./cleanup.ts";
import { PATIENCE_MS } from "./patience.ts";
import { waitFor } from "./wait-for.ts";

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface StartedProcess {
  readonly pid: number;
  /** Lines so far. */
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
  /** Resolves when it has ended and all that it wrote is in the lines. */
  readonly exited: Promise<Exit>;
  /**
   * The first line of stdout or stderr that matches, past or future. Throws with all lines when it ends
   * before, or after `timeoutMs`.
   */
  waitForLine(pattern: RegExp, timeoutMs?: number): Promise<RegExpExecArray>;
  signal(name: NodeJS.Signals): void;
}

interface ProcessOptions {
  /**
   * Besides PATH and HOME nothing is inherited: a DATABASE_URL of the developer's own never gets into a test.
   */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Where stdout goes instead of into `stdout`: an open file descriptor. */
  readonly stdoutFd?: number;
}

interface IepOptions extends ProcessOptions {
  /**
   * `checkout`: from the sources through tsx, as in a clone, which takes three times the processor time. For
   * tests of just that; beside it stands why.
   */
  readonly from?: "package" | "checkout";
}

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));

/**
 * `iep <args>` as a user starts it: of the package, which `global-setup.ts` has built, unless `from` says
 * otherwise. Killed at the end of the test.
 */
export function startIep(args: readonly string[], options: IepOptions = {}): StartedProcess {
  const folder = options.from === "checkout" ? REPOSITORY : inject("packageFolder");
  return startProcess(process.execPath, [join(folder, "bin/iep.js"), ...args], options);
}

/**
 * Starts a process, killed at the end of the test if it still runs, and when the test's own process is
 * killed.
 */
export function startProcess(
  command: string,
  args: readonly string[],
  options: ProcessOptions = {},
): StartedProcess {
  const child = spawn(command, args, {
    cwd: options.cwd ?? REPOSITORY,
    env: { PATH: process.env["PATH"], HOME: process.env["HOME"], ...options.env },
    stdio: ["ignore", options.stdoutFd ?? "pipe", "pipe"],
  });
  const pid = child.pid;
  child.on("error", () => undefined); // Told by the missing pid, or by a process that stays.
  if (pid === undefined) throw new Error(`${command} cannot be started`);
  const callOff = endWithParent(pid, "SIGKILL");
  let exit: Exit | undefined;
  child.once("exit", callOff);
  const exited = new Promise<Exit>((resolve) => {
    child.once("close", (code, signal) => {
      exit = { code, signal };
      resolve(exit);
    });
  });
  const stdout = collectLines(child.stdout);
  const stderr = collectLines(child.stderr);
  const find = (pattern: RegExp): RegExpExecArray | undefined => {
    for (const line of [...stdout, ...stderr]) {
      const match = pattern.exec(line);
      if (match) return match;
    }
    return undefined;
  };
  const report = (): string => [...stdout, ...stderr].join("\n");
  atTheEnd(() => kill(child));

  return {
    pid,
    stdout,
    stderr,
    exited,
    signal: (name) => void child.kill(name),
    async waitForLine(pattern, timeoutMs = PATIENCE_MS) {
      const describe = (): string => `a line like ${pattern} in\n${report()}\n`;
      const found = await waitFor(() => find(pattern) ?? exit, { timeoutMs, describe });
      if (Array.isArray(found)) return found;
      throw new Error(`process ${pid} ended (${found.signal ?? found.code}) without ${describe()}`);
    },
  };
}

function collectLines(stream: Readable | null): readonly string[] {
  const lines: string[] = [];
  if (stream === null) return lines;
  createInterface({ input: stream }).on("line", (line) => lines.push(line));
  return lines;
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}
