import { expect, test } from "vitest";
import type { ClaimedJob } from "../core/model/job.ts";
import { WAITS_SAMPLED_MAX } from "../core/model/limits.ts";
import { WaitSample } from "./wait-sample.ts";

/** The sample looks at nothing of a job. */
const jobs = (count: number, from = 0) =>
  Array.from({ length: count }, (_, n) => ({ id: String(from + n) }) as ClaimedJob);

test("all of few jobs are in it, and it is empty after it was taken", () => {
  const sample = new WaitSample();
  sample.add(jobs(3));
  sample.add(jobs(2, 3));
  expect(sample.take().map(({ id }) => id)).toEqual(["0", "1", "2", "3", "4"]);
  expect(sample.take()).toEqual([]);
});

test("of many, a bounded number is in it, of early and of late ones alike", () => {
  const sample = new WaitSample();
  let late = 0;
  for (let round = 0; round < 50; round += 1) {
    for (let batch = 0; batch < 10; batch += 1) sample.add(jobs(1_000, batch * 1_000));
    const taken = sample.take();
    expect(new Set(taken.map(({ id }) => id)).size).toBe(WAITS_SAMPLED_MAX);
    late += taken.filter(({ id }) => Number(id) >= 5_000).length;
  }
  // Half of 10,000 are expected to be late. The bounds are ten standard deviations away.
  expect(Math.abs(late - 5_000)).toBeLessThan(500);
});
