import { fork, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import { APART_START_MS, TERMINATE_DELAY_MS, THREAD_HEAP_MB } from "../../core/model/limits.ts";
import type { JsonText } from "../../core/lib/json-text.ts";
import { tellContext } from "../remote/tell-context.ts";
import type { FromRemote, ToRemote } from "../remote/remote-message.ts";
import type { ProcessorContext } from "../sdk/processor.ts";
import { ProcessorCrash } from "../sdk/processor-crash.ts";
import { processorJob } from "../sdk/processor-job.ts";
import { describeThrown } from "../sdk/thrown.ts";
import { GroupWatcher } from "../subprocess/group-watcher.ts";

/** The built package needs no step that registers tsx. */
const ENTRY = import.meta.url.endsWith(".ts") ? "./apart-entry.mjs" : "./apart-main.js";
/** In the environment of these processes and of what they start. */
const MARK_NAME = "IEP_APART";

const mark = randomUUID();
const watcher = new GroupWatcher(`${MARK_NAME}=${mark}`);

export interface ApartTask {
  /** Has the processor as its default export. */
  readonly file: string;
  readonly id: string;
  /** As it was submitted: the processor's schema parses it there. */
  readonly input_data: unknown;
  readonly context: ProcessorContext;
  /** Called when the processor is loaded and about to run. */
  readonly onStarted: () => void;
}

/**
 * Runs one attempt in a process of its own, which nothing outlives: neither the attempt nor this process,
 * however it dies. Rejects with the signal's reason as soon as the signal aborts; the process is gone a second
 * later. `onGone` is called once, when it is gone or was never there.
 */
export async function runApart(task: ApartTask, onGone: () => void): Promise<JsonText | null> {
  let child: ChildProcess;
  try {
    task.context.signal.throwIfAborted();
    child = startChild();
  } catch (error) {
    onGone();
    throw error;
  }
  child.once("exit", onGone);
  // Nothing was started: there will be no exit.
  child.once("error", () => child.pid === undefined && onGone());
  try {
    return await attemptIn(child, task);
  } finally {
    if (!task.context.signal.aborted) kill(child);
  }
}

function startChild(): ChildProcess {
  return fork(fileURLToPath(new URL(ENTRY, import.meta.url)), [], {
    // What this process was started with, a test runner's hooks for one, is not for it.
    execArgv: [`--max-old-space-size=${THREAD_HEAP_MB}`],
    serialization: "advanced",
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    // A group of its own: what it starts ends with it, and Ctrl-C in the terminal does not reach it.
    detached: true,
    // As a thread has it: the runner's own.
    // oxlint-disable-next-line no-process-env
    env: { ...process.env, [MARK_NAME]: mark },
  });
}

async function attemptIn(child: ChildProcess, task: ApartTask): Promise<JsonText | null> {
  const { file, id, input_data: input, context } = task;
  const { signal } = context;
  let startTimer: NodeJS.Timeout | undefined;
  const onAborts: (() => void)[] = [];
  try {
    return await new Promise<JsonText | null>((resolve, reject) => {
      const onAbort = (): void => {
        reject(signal.reason as Error);
        send(child, { kind: "abort", reason: describeThrown(signal.reason) });
        setTimeout(() => kill(child), TERMINATE_DELAY_MS);
      };
      signal.addEventListener("abort", onAbort);
      onAborts.push(onAbort);
      startTimer = setTimeout(() => {
        reject(new Error(`The process of ${id} did not start within ${APART_START_MS / 1_000} s`));
      }, APART_START_MS);
      child.on("message", (message) => {
        const told = message as FromRemote; // What else it may be, `tellContext` finds out.
        if (told?.kind === "started") {
          clearTimeout(startTimer);
          task.onStarted();
        }
        tellContext(context, told, { resolve, reject });
      });
      child.once("error", (error) => reject(new Error(`The process of ${id}: ${error.message}`)));
      child.once("exit", (code, signalName) => {
        if (child.pid !== undefined) watcher.remove(child.pid);
        const how = signalName === null ? `with exit code ${code}` : `by ${signalName}`;
        reject(new ProcessorCrash(`The process of ${id} ended ${how}`));
      });
      // Only what is sure to die with us may run.
      if (child.pid !== undefined) {
        const { remaining_ms, trace } = context;
        const job = processorJob(context.job);
        const run = {
          kind: "run",
          file,
          id,
          input,
          parsed: false,
          job,
          trace,
          remaining_ms,
          clockRuns: false,
        } as const;
        watcher
          .add(child.pid)
          .then(() => send(child, run))
          .catch(reject);
      }
    });
  } finally {
    clearTimeout(startTimer);
    for (const onAbort of onAborts) signal.removeEventListener("abort", onAbort);
  }
}

/** That it is gone is told by its exit. */
function send(child: ChildProcess, message: ToRemote): void {
  if (child.connected) child.send(message, () => undefined);
}

/** SIGKILL to all of its group. */
function kill(child: ChildProcess): void {
  // Not after it was waited for: its number may be a stranger's.
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // Nobody is left.
  }
}
