/** Lets code wait for a fact about what changes here: whoever changes it tells. */
export class Changes {
  #waiters: (() => void)[] = [];

  /** Resolves when the fact holds: at once, or when it does after something was told. */
  async until(fact: () => boolean): Promise<void> {
    while (!fact()) {
      await new Promise<void>((resolve) => void this.#waiters.push(resolve));
      // Waits for the other changes of this cycle of the event loop: a whole batch of slots becomes free at
      // once.
      await new Promise((resolve) => void setImmediate(resolve));
    }
  }

  tell(): void {
    if (this.#waiters.length === 0) return;
    for (const resume of this.#waiters.splice(0)) resume();
  }
}
