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
  #reason: Interruption | undefined;
  #controller: AbortController | undefined;
  #listener: ((reason: Interruption) => void) | undefined;

  /** Undefined until the attempt is told to stop. */
  get reason(): Interruption | undefined {
    return this.#reason;
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#reason) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  interrupt(reason: Interruption): void {
    if (this.#reason) return;
    this.#reason = reason;
    this.#controller?.abort(reason);
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
      this.#listener = reject;
      work.then(resolve, reject);
    });
  }
}
