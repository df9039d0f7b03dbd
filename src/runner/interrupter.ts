/** Why an attempt was told to stop: the reason of its `AbortSignal`. */
export class Interruption extends Error {
  override readonly name = "Interruption";
  readonly code: "timed_out" | "shutdown" | "cancelled" | "lease_lost";

  constructor(code: Interruption["code"], message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * Tells one attempt to stop, once. The `AbortSignal` that processors see is made when one asks for it: most never do, and making and listening to
 * one costs more than all else that an attempt of no work does.
 */
export class Interrupter {
  #reason: Interruption | undefined;
  #controller: AbortController | undefined;
  #listener: ((reason: Interruption) => void) | undefined;

  /** Undefined until it was interrupted. */
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

  /** `work`, or the interruption if that comes first: then what `work` does later bothers nobody. Of one work at a time. */
  race<T>(work: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#listener = reject;
      work.then(resolve, reject);
    });
  }
}
