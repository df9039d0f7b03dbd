/** The counts of a histogram for one set of labels. */
export class Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly #bounds: readonly number[];
  readonly #counts: Float64Array;
  #sum = 0;

  constructor(labels: Readonly<Record<string, string>>, bounds: readonly number[]) {
    this.labels = labels;
    this.#bounds = bounds;
    this.#counts = new Float64Array(bounds.length + 1);
  }

  add(value: number): void {
    const bounds = this.#bounds;
    let n = 0;
    while (n < bounds.length && value > (bounds[n] ?? Infinity)) n += 1;
    this.#counts[n] = (this.#counts[n] ?? 0) + 1;
    this.#sum += value;
  }

  get sum(): number {
    return this.#sum;
  }

  /** How many values are not above each bound, and last how many there are. */
  cumulated(): number[] {
    let total = 0;
    return [...this.#counts].map((count) => (total += count));
  }
}
