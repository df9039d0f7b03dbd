import { Histogram, Registry } from "prom-client";
import { expect, test } from "vitest";
import { FastHistogram } from "./fast-histogram.ts";

test("prints what prom-client's own histogram prints", async () => {
  const [ours, theirs] = [new Registry(), new Registry()];
  const description = { name: "iep_some_seconds", help: "Some \\ help.\nTwo lines.", buckets: [0.1, 1, 10] };
  const fast = new FastHistogram({ ...description, labels: ["route", "status"] }, ours);
  const slow = new Histogram({ ...description, labelNames: ["route", "status"], registers: [theirs] });
  const values = [0, 0.05, 0.1, 0.100_000_1, 1, 3.5, 10, 11, 1e9];
  for (const [route, status] of [
    ["/jobs", "2xx"],
    ['/a"b\\c\n', "4xx"],
  ] as const)
    for (const value of values) {
      fast.of(route, status).add(value);
      slow.observe({ route, status }, value);
    }
  const lines = async (registry: Registry) => (await registry.metrics()).replaceAll(/\{.*\}/g, sortLabels);
  expect(await lines(ours)).toBe(await lines(theirs));
});

/** The order of labels has no meaning. */
function sortLabels(labels: string): string {
  return `{${labels.slice(1, -1).split(",").toSorted().join()}}`;
}

test("a series that was asked for stands at 0", async () => {
  const registry = new Registry();
  new FastHistogram({ name: "iep_some", help: "Some.", labels: ["a"], buckets: [1] }, registry).of("b");
  const text = await registry.metrics();
  expect(text).toContain('iep_some_bucket{a="b",le="1"} 0\n');
  expect(text).toContain('iep_some_count{a="b"} 0\n');
});
