import { expect, test } from "vitest";
import { openPool, RUNNER_LIMITS } from "../../src/postgres/connection/pool.ts";
import { atTheEnd } from "../support/cleanup.ts";
import { createCustomer, createJobType, createRunner, createTestPlatform } from "../support/test-platform.ts";
import { FairnessWorld, newJob, type Limits } from "./fairness-world.ts";
import { claim, newOrder, runningOf, type Job } from "./order-of-turns.ts";

// As many customers as each claim looks at in any case, so that it finds each among many that use something. With more
// of them, a claim knows less than the model does.

const CUSTOMERS = 30;
const STEPS = 20;
const SLOTS = [20, 8, 1, 40, 100] as const;

const CUSTOMER_LIMITS = [2, null, null, 5, 1] as const;
const TYPE_LIMIT = 25;

test(`turns of ${CUSTOMERS} customers, many of them with limits and weights, are those of the model`, async () => {
  const { platform, databaseUrl } = await createTestPlatform();
  const pool = openPool({ url: databaseUrl, size: 1, name: "fairness", limits: RUNNER_LIMITS });
  atTheEnd(() => pool.end());
  const ids = { customers: [] as string[], types: [] as string[] };
  for (let n = 0; n < CUSTOMERS; n += 1) ids.customers.push(await createCustomer(platform, 1e9));
  ids.types.push(await createJobType(platform));
  const world = new FairnessWorld(pool, await createRunner(platform), ids);
  const random = randomNumbers(7);
  const all: Limits = {
    weights: ids.customers.map((_, n) => [1, 1, 1, 2, 10][n % 5] ?? 1),
    customerLimits: ids.customers.map((_, n) => CUSTOMER_LIMITS[n % 5] ?? null),
    typeLimits: [TYPE_LIMIT],
  };
  await world.begin(all);
  const order = newOrder(true);
  const ends = new Map<Job, number>();
  let started = 0;
  for (let now = 0; now < STEPS; now += 1) {
    const ended = [...order.running].filter((job) => (ends.get(job) ?? 0) <= now);
    for (const job of ended) order.running.delete(job);
    await world.end(ended);
    const arrived = world.customers.flatMap((customer) =>
      world.types.flatMap((type) =>
        Array.from({ length: [0, 0, 1, 2, 4][random(5)] ?? 0 }, () =>
          newJob(customer, type, [0, 1, 1, 2][random(4)] ?? 1),
        ),
      ),
    );
    await world.submit(arrived);
    for (const job of arrived) order.waiting.add(job);
    const running = new Map(
      world.customers.map((one) => [one.id, runningOf(order, one)] as const).filter(([, jobs]) => jobs > 0),
    );
    const slots = SLOTS[now % SLOTS.length] ?? 1;
    const expected = claim(order, slots);
    expect((await world.claim(slots, running)).toSorted()).toEqual(expected.map(({ id }) => id).toSorted());
    for (const job of expected) ends.set(job, now + 1 + random(3));
    started += expected.length;
  }
  expect(started).toBeGreaterThan(CUSTOMERS * 2);
});

/** Numbers below `max`, the same in each run. */
function randomNumbers(seed: number): (max: number) => number {
  let state = seed;
  return (max) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 16) % max;
  };
}
