import { Worker } from "node:worker_threads";
import { TERMINATE_DELAY_MS, THREAD_HEAP_MB } from "../../core/model/limits.ts";
import type { ProcessorContext } from "../sdk/processor.ts";
import { processorJob } from "../sdk/processor-job.ts";
import { describeThrown } from "../sdk/thrown.ts";
import { ProcessorCrash } from "../sdk/processor-crash.ts";
import { tellContext } from "../remote/tell-context.ts";
import type { FromRemote, ToRemote } from "../remote/remote-message.ts";
import type { ThreadData } from "./thread-main.ts";

/**
 * A worker thread has none of the hooks by which this process runs TypeScript. From the sources it begins
 * with a JavaScript file that registers tsx; the built package needs no such step.
 */
const ENTRY = import.meta.url.endsWith(".ts") ? "./thread-entry.mjs" : "./thread-main.js";

export interface ThreadTask {
  /** Has the processor as its default export. */
  readonly file: string;
  readonly id: string;
  readonly input: unknown;
  readonly context: ProcessorContext;
}

interface Attempt {
  readonly task: ThreadTask;
  readonly resolve: (output: unknown) => void;
  readonly reject: (error: unknown) => void;
  /** Stops waiting for an abort. */
  readonly leave: () => void;
}

/** A worker thread: one attempt at a time, any number in turn. Of no use once it `hasEnded`. */
export class Thread {
  readonly #worker: Worker;
  readonly #onFree: (thread: Thread) => void;
  readonly #files = new Set<string>();
  #attempt: Attempt | undefined;
  #fault: unknown;
  #hasEnded = false;

  /**
   * `onFree`: called when it can take another attempt, and when it has ended. With `printsToStderr` that is where goes
   * what its code writes to stdout.
   */
  constructor(onFree: (thread: Thread) => void, printsToStderr = false) {
    this.#onFree = onFree;
    this.#worker = new Worker(new URL(ENTRY, import.meta.url), {
      name: "iep-processors",
      // What this process was started with, a test runner's hooks for one, is not for it.
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: THREAD_HEAP_MB },
      stdout: printsToStderr,
      workerData: { flushesOutput: printsToStderr } satisfies ThreadData,
    });
    if (printsToStderr) this.#worker.stdout.on("data", (chunk: Buffer) => process.stderr.write(chunk));
    this.#worker.on("message", (message: FromRemote) => this.#take(message));
    this.#worker.on("error", (error) => {
      this.#fault = error;
    });
    this.#worker.on("exit", (code) => this.#exit(code));
    // It keeps the process running only while it works.
    this.#worker.unref();
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Whether it would have to load the file first: that takes some hundred ms. */
  hasLoaded(file: string): boolean {
    return this.#files.has(file);
  }

  /**
   * Returns what the processor returns. Call it only after the last attempt has ended. Rejects with the
   * signal's reason as soon as the signal aborts. When the processor goes on after that, its thread is ended
   * a second later.
   */
  run(task: ThreadTask): Promise<unknown> {
    const { file, id, input, context } = task;
    const { signal } = context;
    return new Promise((resolve, reject) => {
      let terminateTimer: NodeJS.Timeout | undefined;
      const onAbort = (): void => {
        reject(signal.reason as Error);
        this.#send({ kind: "abort", reason: describeThrown(signal.reason) });
        terminateTimer = setTimeout(() => void this.#worker.terminate(), TERMINATE_DELAY_MS);
      };
      const leave = (): void => {
        clearTimeout(terminateTimer);
        signal.removeEventListener("abort", onAbort);
      };
      this.#attempt = { task, resolve, reject, leave };
      this.#worker.ref();
      signal.addEventListener("abort", onAbort);
      try {
        const { remaining_ms, trace } = context;
        const job = processorJob(context.job);
        this.#send({ kind: "run", file, id, input, parsed: true, job, trace, remaining_ms, clockRuns: true });
        this.#files.add(file);
      } catch (error) {
        reject(
          new Error(`the input cannot be copied into a thread: ${describeThrown(error).message}`, {
            cause: error,
          }),
        );
        this.#free();
      }
    });
  }

  /** Ends it, whatever it does. */
  async terminate(): Promise<void> {
    await this.#worker.terminate();
  }

  #send(message: ToRemote): void {
    // A thread has no origin.
    // oxlint-disable-next-line unicorn/require-post-message-target-origin
    this.#worker.postMessage(message);
  }

  #take(message: FromRemote): void {
    const attempt = this.#attempt;
    if (attempt === undefined) return;
    const effect = tellContext(attempt.task.context, message, attempt);
    if (effect === "ended") this.#free();
    else if (effect === "broken") void this.#worker.terminate();
  }

  #exit(code: number): void {
    this.#hasEnded = true;
    const reason = this.#fault === undefined ? `exit code ${code}` : describeThrown(this.#fault).message;
    this.#attempt?.reject(
      new ProcessorCrash(`The thread of ${this.#attempt.task.id} ended: ${reason}`, { cause: this.#fault }),
    );
    this.#free();
  }

  #free(): void {
    this.#attempt?.leave();
    this.#attempt = undefined;
    this.#worker.unref();
    this.#onFree(this);
  }
}
