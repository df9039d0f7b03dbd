import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { Socket } from "node:net";
import { createInterface } from "node:readline";
import { within } from "../core/lib/within.ts";
import { endWithParent } from "./end-with-parent.ts";
import { LocalServerError } from "./local-server-error.ts";

const START_TIMEOUT_MS = 30_000;
/** What each of the two end signals gets. */
const STOP_TIMEOUT_MS = 10_000;
/** Shown when a start fails. */
const LAST_LINES_MAX = 20;

export interface ChildServerOptions {
  /** For messages: "PostgreSQL". */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly uid?: number;
  readonly gid?: number;
  readonly env: NodeJS.ProcessEnv;
  /** The part of a log line that says that connections are accepted. */
  readonly readyLine: string;
  /** Asks the server to end; also sent when this process dies without having stopped it. */
  readonly endSignal: NodeJS.Signals;
  /** For a server that has not ended within 10 s. */
  readonly forceSignal: NodeJS.Signals;
  readonly log?: ((line: string) => void) | undefined;
}

/** A server that this process started, and that dies with it. */
export interface ChildServer {
  readonly pid: number;
  /** Resolves when the process is gone, whoever ended it. */
  readonly exited: Promise<void>;
  /**
   * Resolves when the process is gone; may be called again at any time. Throws when it outlives both signals.
   */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/**
 * Starts a server and returns once it accepts connections. It lives in its own session: Ctrl-C in the
 * terminal does not hit it, its owner stops it. It does not keep the event loop alive. Throws with the last
 * lines of its log when it ends first or is not ready after 30 s.
 */
export async function startChildServer(options: ChildServerOptions): Promise<ChildServer> {
  const { command, args, uid, gid, env, name } = options;
  const child = spawn(command, args, {
    cwd: "/",
    detached: true,
    env,
    stdio: ["ignore", "pipe", "pipe"],
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
  });
  if (child.pid === undefined) {
    const [error] = await once(child, "error");
    throw new LocalServerError(
      `${name} cannot be started: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  // A signal that cannot be sent is an `error` event too; `stop` notices by the process that stays.
  child.on("error", () => undefined);
  const pid = child.pid;
  const callOff = endWithParent(pid, options.endSignal);
  const exited = new Promise<void>((resolve) => {
    child.once("exit", () => {
      callOff();
      resolve();
    });
  });

  const stop = async (signal = options.endSignal): Promise<void> => {
    for (const attempt of [signal, options.forceSignal]) {
      child.kill(attempt);
      if (await resolvesInTime(exited)) return;
    }
    throw new LocalServerError(
      `${name} (process ${pid}) does not end: neither ${signal} nor ${options.forceSignal} helped`,
    );
  };

  try {
    await becomesReady(child, options);
  } catch (error) {
    await stop(options.forceSignal);
    throw error;
  }
  child.unref();
  return { pid, exited, stop };
}

async function becomesReady(
  child: ChildProcess,
  { name, readyLine, log }: ChildServerOptions,
): Promise<void> {
  const lastLines: string[] = [];
  const failure = (what: string): LocalServerError =>
    new LocalServerError([`${name} ${what}`, ...lastLines].join("\n"));
  const ready = new Promise<void>((resolve, reject) => {
    // `close` comes after the last line has been read, `exit` may come before.
    child.once("close", (code, signal) => {
      reject(failure(`ended before it was ready (${signal ?? `exit code ${code}`})`));
    });
    let isReady = false;
    for (const stream of [child.stdout, child.stderr]) {
      if (!(stream instanceof Socket)) continue;
      stream.unref();
      createInterface({ input: stream }).on("line", (line) => {
        log?.(line);
        if (isReady) return;
        lastLines.push(line);
        if (lastLines.length > LAST_LINES_MAX) lastLines.shift();
        isReady = line.includes(readyLine);
        if (isReady) resolve();
      });
    }
  });
  await within(START_TIMEOUT_MS, ready, () => failure("is not ready after 30 s"));
}

async function resolvesInTime(exited: Promise<void>): Promise<boolean> {
  return await within(STOP_TIMEOUT_MS, exited).then(
    () => true,
    () => false,
  );
}
