/**
 * Claims at a time. The next one begins when the one before has its ids and only waits for PostgreSQL: at 500
 * jobs a second a job would else wait for the claim of the one before it.
 */
const CLAIMS_MAX = 2;

/** Counts a runner's claims that are under way, and the slots that are spoken for by ids being claimed. */
export class ClaimsUnderWay {
  readonly #onDone: () => void;
  #count = 0;
  #expected = 0;

  constructor(onDone: () => void) {
    this.#onDone = onDone;
  }

  get count(): number {
    return this.#count;
  }

  get mayBegin(): boolean {
    return this.#count < CLAIMS_MAX;
  }

  /** Jobs that are being claimed and do not run yet. */
  get expected(): number {
    return this.#expected;
  }

  /**
   * Resolves when `claim` is done, or has said how many jobs it expects, so that another one may begin beside
   * it. Those count as expected until it says 0 or is done. `claim` must not reject.
   */
  async begin(claim: (expect: (count: number) => void) => Promise<void>): Promise<void> {
    let mine = 0;
    let leave = (): void => undefined;
    const left = new Promise<void>((resolve) => (leave = resolve));
    const expect = (count: number): void => {
      this.#expected += count - mine;
      mine = count;
      leave();
    };
    const finish = async (): Promise<void> => {
      await claim(expect);
      this.#count -= 1;
      expect(0);
      this.#onDone();
    };
    this.#count += 1;
    void finish();
    await left;
  }
}
