import { array, assert, boolean, check, constantFrom, integer, property, record } from "fast-check";
import { describe, expect, test } from "vitest";
import { TokenBuckets } from "./token-buckets.ts";

/** Buckets by a clock that the test sets. */
function create(capacity: number, token_ms: number, bucketsMax = 100) {
  const clock = { now: 0 };
  return { clock, buckets: new TokenBuckets({ capacity, token_ms }, bucketsMax, () => clock.now) };
}

test("a full bucket has its capacity, and then one more after each time", () => {
  const { clock, buckets } = create(3, 10);
  expect([1, 2, 3].map(() => buckets.take("a").left)).toEqual([2, 1, 0]);
  expect(buckets.take("a")).toEqual({ wait_ms: 10, left: 0, full_ms: 30 });
  clock.now = 9;
  expect(buckets.take("a").wait_ms).toBe(1);
  clock.now = 10;
  expect(buckets.take("a")).toEqual({ wait_ms: 0, left: 0, full_ms: 30 });
  expect(buckets.take("b").left).toBe(2);
});

test("a token that is given back can be taken again, and never more than there were", () => {
  const { buckets } = create(2, 10);
  buckets.take("a");
  buckets.take("a");
  buckets.giveBack("a");
  expect(buckets.take("a").wait_ms).toBe(0);
  for (let n = 0; n < 10; n += 1) buckets.giveBack("a");
  expect([1, 2, 3].map(() => buckets.take("a").wait_ms > 0)).toEqual([false, false, true]);
});

// A model that knows the number of tokens and the time of its last look: the usual text of a token bucket.
const steps = array(
  record({
    key: constantFrom("a", "b", "c"),
    after_ms: integer({ min: 0, max: 5_000 }),
    back: boolean(),
  }),
  { maxLength: 200 },
);

describe("beside a model", () => {
  test("it takes exactly what the model takes, and says how long to wait", () => {
    assert(
      property(
        integer({ min: 1, max: 20 }),
        integer({ min: 1, max: 2_000 }),
        steps,
        (capacity, token_ms, all) => {
          const { clock, buckets } = create(capacity, token_ms);
          // Whole numbers: twice the precision that is compared.
          const model = new Map<string, { units: number; at: number }>();
          for (const { key, after_ms, back } of all) {
            clock.now += after_ms;
            const before = model.get(key) ?? { units: capacity * token_ms, at: clock.now };
            const units = Math.min(capacity * token_ms, before.units + clock.now - before.at);
            if (back && units < capacity * token_ms) {
              buckets.giveBack(key);
              model.set(key, { units: Math.min(capacity * token_ms, units + token_ms), at: clock.now });
              continue;
            }
            const taken = buckets.take(key);
            const isTaken = units >= token_ms;
            expect(taken.wait_ms).toBeCloseTo(isTaken ? 0 : token_ms - units, 3);
            const rest = isTaken ? units - token_ms : units;
            expect(taken.left).toBe(isTaken ? Math.floor(rest / token_ms) : 0);
            expect(taken.full_ms).toBeCloseTo(capacity * token_ms - rest, 3);
            model.set(key, { units: rest, at: clock.now });
          }
        },
      ),
    );
  });

  test("in any stretch of time no more is taken than the capacity and what came back", () => {
    const bounded = property(
      integer({ min: 1, max: 10 }),
      array(integer({ min: 0, max: 30 }), { minLength: 2, maxLength: 300 }),
      (capacity, gaps) => {
        const token_ms = 10;
        const { clock, buckets } = create(capacity, token_ms);
        const taken: number[] = [];
        for (const gap of gaps) {
          clock.now += gap;
          if (buckets.take("a").wait_ms === 0) taken.push(clock.now);
        }
        return taken.every((from, n) =>
          taken.every((to, m) => m < n || m - n + 1 <= capacity + (to - from) / token_ms),
        );
      },
    );
    expect(check(bounded)).toMatchObject({ failed: false });
  });
});

test("a million keys take bounded memory, and those that are full again go first", () => {
  const { clock, buckets } = create(1, 10, 1_000);
  buckets.take("first");
  for (let n = 0; n < 998; n += 1) buckets.take(`early ${n}`);
  clock.now = 2_000;
  buckets.take("late");
  // All but one are full again: their room is what a new one gets.
  buckets.take("newest");
  expect(buckets.size).toBe(2);
  expect(buckets.take("late").wait_ms).toBeGreaterThan(0);
  const started_at = performance.now();
  for (let n = 0; n < 1_000_000; n += 1) buckets.take(`flood ${n}`);
  expect(buckets.size).toBeLessThanOrEqual(1_000);
  expect(buckets.size).toBeGreaterThan(900);
  expect(performance.now() - started_at).toBeLessThan(5_000);
});
