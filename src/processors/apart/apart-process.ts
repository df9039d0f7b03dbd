import { fork, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import {
  APART_QUIET_MS,
  APART_START_MS,
  TERMINATE_DELAY_MS,
  THREAD_HEAP_MB,
} from "../../core/model/limits.ts";
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

/** What such a process tells besides: the attempt that succeeded has left nothing behind. */
export interface NothingLeft {
  readonly kind: "nothing_left";
}

interface Attempt {
  readonly task: ApartTask;
  readonly startTimer: NodeJS.Timeout;
  readonly resolve: (output: JsonText | null) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * A process in which one attempt runs at a time, and which nothing outlives: neither an attempt nor this
 * process, however it dies. It takes another attempt only after one that succeeded and left nothing behind: no
 * timer, no connection, no work under way. After any other it is killed.
 */
export class ApartProcess {
  readonly #child: ChildProcess;
  /** Resolves when the process is sure to die with us: only then may anything run. */
  readonly #watched: Promise<void>;
  #attempt: Attempt | undefined;
  #isQuiet = false;
  #onQuiet: (isQuiet: boolean) => void = () => undefined;

  /** `onGone` is called once, when it is gone or was never there. */
  constructor(onGone: () => void) {
    const child = startChild();
    this.#child = child;
    child.on("message", (message) => this.#take(message as FromRemote | NothingLeft));
    child.once("error", (error) => {
      this.#fail((id) => new Error(`The process of ${id}: ${error.message}`));
      // Nothing was started: there will be no exit.
      if (child.pid === undefined) onGone();
    });
    child.once("exit", (code, signalName) => {
      if (child.pid !== undefined) watcher.remove(child.pid);
      const how = signalName === null ? `with exit code ${code}` : `by ${signalName}`;
      this.#fail((id) => new ProcessorCrash(`The process of ${id} ended ${how}`));
      this.#onQuiet(false);
      onGone();
    });
    this.#watched = child.pid === undefined ? Promise.resolve() : watcher.add(child.pid);
    this.#watched.catch(() => undefined);
  }

  /**
   * Runs one attempt. Rejects with the signal's reason as soon as the signal aborts; the process is gone a
   * second later.
   */
  async run(task: ApartTask): Promise<JsonText | null> {
    const { signal } = task.context;
    this.#isQuiet = false;
    this.#keepsUsAlive(true);
    let startTimer: NodeJS.Timeout | undefined;
    let onAbort = (): void => undefined;
    try {
      return await new Promise<JsonText | null>((resolve, reject) => {
        startTimer = setTimeout(() => {
          reject(new Error(`The process of ${task.id} did not start within ${APART_START_MS / 1_000} s`));
        }, APART_START_MS);
        onAbort = () => {
          reject(signal.reason as Error);
          this.#send({ kind: "abort", reason: describeThrown(signal.reason) });
          setTimeout(() => this.kill(), TERMINATE_DELAY_MS);
        };
        signal.addEventListener("abort", onAbort);
        this.#attempt = { task, startTimer, resolve, reject };
        this.#watched.then(() => this.#send(toRun(task))).catch(reject);
      });
    } catch (error) {
      if (!signal.aborted) this.kill();
      throw error;
    } finally {
      this.#attempt = undefined;
      clearTimeout(startTimer);
      signal.removeEventListener("abort", onAbort);
    }
  }

  /** After an attempt that succeeded: whether the process may take another. If not, it is killed. */
  async becomesQuiet(): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const isQuiet = await new Promise<boolean>((resolve) => {
      this.#onQuiet = resolve;
      timer = setTimeout(resolve, APART_QUIET_MS, false);
      if (this.#isQuiet) resolve(true);
    });
    clearTimeout(timer);
    if (isQuiet) this.#keepsUsAlive(false);
    else this.kill();
    return isQuiet;
  }

  /** SIGKILL to all of its group. */
  kill(): void {
    const { pid, exitCode, signalCode } = this.#child;
    // Not after it was waited for: its number may be a stranger's.
    if (pid === undefined || exitCode !== null || signalCode !== null) return;
    try {
      process.kill(-pid, "SIGKILL");
    } catch {
      // Nobody is left.
    }
  }

  #take(message: FromRemote | NothingLeft): void {
    const attempt = this.#attempt;
    if (attempt === undefined) {
      if (message?.kind !== "nothing_left") return;
      this.#isQuiet = true;
      this.#onQuiet(true);
      return;
    }
    if (message?.kind === "started") {
      clearTimeout(attempt.startTimer);
      attempt.task.onStarted();
    }
    // What else it may be, this finds out.
    const effect = tellContext(attempt.task.context, message as FromRemote, attempt);
    // The next message may come in the same turn, and is not of this attempt.
    if (effect === "ended") this.#attempt = undefined;
  }

  #fail(error: (id: string) => Error): void {
    if (this.#attempt !== undefined) this.#attempt.reject(error(this.#attempt.task.id));
  }

  /** That it is gone is told by its exit. */
  #send(message: ToRemote): void {
    if (this.#child.connected) this.#child.send(message, () => undefined);
  }

  /** One that waits for work does not keep a runner from ending. */
  #keepsUsAlive(does: boolean): void {
    const how = does ? "ref" : "unref";
    this.#child[how]();
    this.#child.channel?.[how]();
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

function toRun({ file, id, input_data, context }: ApartTask): ToRemote {
  return {
    kind: "run",
    file,
    id,
    input: input_data,
    parsed: false,
    job: processorJob(context.job),
    trace: context.trace,
    remaining_ms: context.remaining_ms,
    clockRuns: false,
  };
}
