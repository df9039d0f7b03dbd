import { AsyncResource } from "node:async_hooks";

/** Why an attempt was told to stop; also the reason of its `AbortSignal`. */
export class Interruption extends Error {
  override readonly name = "Interruption";
  readonly code: "timed_out" | "shutdown" | "cancelled" | "lease_lost";

  constructor(code: Interruption["code"], message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * Tells one attempt to stop, once. The `AbortSignal` is created when the processor first asks for it. Most
 * never do, and an `AbortSignal` with a listener costs more than everything else in an attempt without work.
 */
export class Interrupter {
  #reason: Error | undefined;
  #controller: AbortController | undefined;
  /** In the context of whoever asked for the signal: what its listeners throw is theirs. */
  #abort: ((reason: Error) => void) | undefined;
  #listener: ((reason: Error) => void) | undefined;

  /** Undefined until the attempt is told to stop, or crashed. */
  get reason(): Error | undefined {
    return this.#reason;
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      const controller = new AbortController();
      this.#controller = controller;
      this.#abort = AsyncResource.bind((reason: Error) => controller.abort(reason));
      if (this.#reason) controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  interrupt(reason: Error): void {
    if (this.#reason) return;
    this.#reason = reason;
    this.#abort?.(reason);
    this.#listener?.(reason);
  }

  throwIfInterrupted(): void {
    if (this.#reason) throw this.#reason;
  }

  /**
   * Settles as `work` does, or rejects with the interruption if that comes first. How `work` ends after that
   * is ignored. One at a time.
   */
  race<T>(work: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#reason) return reject(this.#reason);
      this.#listener = reject;
      work.then(resolve, reject);
    });
  }
}
