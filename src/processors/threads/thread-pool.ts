import { availableParallelism } from "node:os";
import { Thread, type ThreadTask } from "./thread.ts";

/** A thread that waited this long for work ends: it holds some ten MB. */
const IDLE_MS = 30_000;

interface ThreadPoolOptions {
  /** As many as the machine has cores, when left out. */
  readonly threadsMax?: number;
  readonly idle_ms?: number;
  /** What their code writes to stdout goes to stderr. */
  readonly printsToStderr?: boolean;
}

interface Waiting {
  readonly task: ThreadTask;
  /** Called when there is a thread for it; it throws when the thread cannot be created. */
  readonly start: (thread: () => Thread) => void;
}

/**
 * Runs processors in worker threads: none to begin with, one for each attempt that runs, up to the number of
 * cores; further attempts wait, first come, first served. A thread whose attempt crashed or was terminated is
 * never used again.
 */
export class ThreadPool {
  readonly #threadsMax: number;
  readonly #idle_ms: number;
  readonly #printsToStderr: boolean;
  readonly #threads = new Set<Thread>();
  readonly #idle = new Map<Thread, NodeJS.Timeout>();
  // A set keeps the order, and lets one leave from the middle.
  readonly #waiting = new Set<Waiting>();

  constructor({
    threadsMax = availableParallelism(),
    idle_ms = IDLE_MS,
    printsToStderr = false,
  }: ThreadPoolOptions = {}) {
    this.#threadsMax = threadsMax;
    this.#idle_ms = idle_ms;
    this.#printsToStderr = printsToStderr;
  }

  /** Threads that live now. */
  get size(): number {
    return this.#threads.size;
  }

  /**
   * One attempt in a thread. Rejects with the signal's reason the moment it aborts, also while it waits for a
   * thread.
   */
  async run(task: ThreadTask): Promise<unknown> {
    task.context.signal.throwIfAborted();
    const idle = this.#takeIdle(task.file);
    if (idle !== undefined) return await idle.run(task);
    if (this.#threads.size < this.#threadsMax) return await this.#grow().run(task);
    return await this.#wait(task);
  }

  /** One that has the file loaded already, if there is. */
  #takeIdle(file: string): Thread | undefined {
    const threads = [...this.#idle.keys()];
    const thread = threads.find((candidate) => candidate.hasLoaded(file)) ?? threads[0];
    if (thread === undefined) return undefined;
    clearTimeout(this.#idle.get(thread));
    this.#idle.delete(thread);
    return thread;
  }

  #grow(): Thread {
    const thread = new Thread((freed) => this.#free(freed), this.#printsToStderr);
    this.#threads.add(thread);
    return thread;
  }

  #wait(task: ThreadTask): Promise<unknown> {
    const { signal } = task.context;
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.#waiting.delete(waiting);
        reject(signal.reason as Error);
      };
      const waiting: Waiting = {
        task,
        start: (thread) => {
          signal.removeEventListener("abort", onAbort);
          try {
            resolve(thread().run(task));
          } catch (error) {
            reject(error);
          }
        },
      };
      this.#waiting.add(waiting);
      signal.addEventListener("abort", onAbort);
    });
  }

  /** Gives a free thread, or the place of one that ended, to the attempt that has waited longest. */
  #free(thread: Thread): void {
    if (thread.hasEnded) {
      this.#threads.delete(thread);
      clearTimeout(this.#idle.get(thread));
      this.#idle.delete(thread);
    }
    const [next] = this.#waiting;
    if (next !== undefined) {
      this.#waiting.delete(next);
      next.start(() => (thread.hasEnded ? this.#grow() : thread));
    } else if (!thread.hasEnded) {
      this.#idle.set(thread, setTimeout(() => this.#end(thread), this.#idle_ms).unref());
    }
  }

  #end(thread: Thread): void {
    this.#idle.delete(thread);
    void thread.terminate();
  }
}
