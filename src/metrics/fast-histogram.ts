import type { Histogram, Registry } from "prom-client";
import { Series } from "./series.ts";

interface Description<Label extends string> {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly Label[];
  readonly buckets: readonly number[];
}

/**
 * A histogram for the hot path. prom-client's own looks its labels up by a string at each value (0.5 µs); here
 * the caller keeps the series, and a value costs 0.01 µs.
 */
export class FastHistogram<Label extends string> {
  readonly name: string;
  readonly help: string;
  readonly type = "histogram";
  readonly aggregator = "sum";
  readonly #labels: readonly Label[];
  readonly #bounds: readonly number[];
  readonly #series = new Map<string, Series>();

  constructor({ name, help, labels, buckets }: Description<Label>, registry: Registry) {
    this.name = name;
    this.help = help;
    this.#labels = labels;
    this.#bounds = buckets;
    // The registry asks a metric for its name and for `get`, and nothing else that only its own classes have.
    registry.registerMetric(this as unknown as Histogram);
  }

  /** The series of these labels, in the order in which the histogram names them. */
  of(...values: readonly string[]): Series {
    const key = values.join("\n");
    let series = this.#series.get(key);
    if (!series) {
      series = new Series(
        Object.fromEntries(this.#labels.map((label, n) => [label, values[n] ?? ""])),
        this.#bounds,
      );
      this.#series.set(key, series);
    }
    return series;
  }

  /** What the registry prints. */
  async get() {
    const values = [...this.#series.values()].flatMap((series) => {
      const counts = series.cumulated();
      const buckets = counts.map((value, n) => ({
        metricName: `${this.name}_bucket`,
        labels: { ...series.labels, le: n < this.#bounds.length ? String(this.#bounds[n]) : "+Inf" },
        value,
      }));
      return [
        ...buckets,
        { metricName: `${this.name}_sum`, labels: series.labels, value: series.sum },
        { metricName: `${this.name}_count`, labels: series.labels, value: counts.at(-1) ?? 0 },
      ];
    });
    return { name: this.name, help: this.help, type: this.type, aggregator: this.aggregator, values };
  }
}
