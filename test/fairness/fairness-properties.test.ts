import * as fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { openPool, RUNNER_LIMITS } from "../../src/postgres/connection/pool.ts";
import { atTheEnd } from "../support/cleanup.ts";
import { createCustomer, createJobType, createRunner, createTestPlatform } from "../support/test-platform.ts";
import { FairnessWorld, newJob, type Limits } from "./fairness-world.ts";
import {
  claim,
  mayStart,
  newOrder,
  runningOf,
  type Customer,
  type Job,
  type Order,
} from "./order-of-turns.ts";

const isLong = process.env["LONG_TESTS"] === "1";
const RUNS = isLong ? 1_500 : 16;
const TIMEOUT_MS = isLong ? 30 * 60_000 : 60_000;
/** A failing run is made smaller for so long. */
const SHRINK_MS = 0.7 * TIMEOUT_MS;
/** The same in each short run; LONG_TESTS looks for new ones. */
const SEED = isLong ? Date.now() : 20_261_127;
const CUSTOMERS_MAX = 6;
const TYPES_MAX = 3;
const STEPS_MAX = 12;

interface Step {
  readonly arrivals: readonly {
    readonly customer: number;
    readonly type: number;
    readonly priority: number;
    readonly count: number;
    /** How many steps its jobs run. */
    readonly duration: number;
  }[];
  readonly ageing: { readonly priority: 1 | 2; readonly max: number } | null;
  readonly slots: number;
}

const limit = fc.option(fc.integer({ min: 1, max: 4 }), { freq: 2 });
const none = fc.constant(null);
const limits: fc.Arbitrary<Limits> = fc.boolean().chain((isLimited) =>
  fc.record({
    weights: fc.array(fc.constantFrom(1, 1, 1, 2, 3, 10), { minLength: 1, maxLength: CUSTOMERS_MAX }),
    customerLimits: fc.array(isLimited ? limit : none, { maxLength: CUSTOMERS_MAX }),
    typeLimits: fc.array(isLimited ? limit : none, { minLength: 1, maxLength: TYPES_MAX }),
  }),
);
const arrival = fc.record({
  customer: fc.nat(CUSTOMERS_MAX - 1),
  type: fc.nat(TYPES_MAX - 1),
  priority: fc.constantFrom(0, 1, 1, 1, 2),
  count: fc.constantFrom(1, 1, 2, 5, 10),
  duration: fc.constantFrom(0, 0, 0, 1, 2, 6),
});
const step: fc.Arbitrary<Step> = fc.record({
  arrivals: fc.array(arrival, { maxLength: 5 }),
  ageing: fc.option(fc.record({ priority: fc.constantFrom(1, 2), max: fc.integer({ min: 1, max: 6 }) }), {
    freq: 3,
  }),
  slots: fc.constantFrom(1, 1, 2, 3, 8, 20, 60),
});
const steps = fc.array(step, { minLength: 3, maxLength: STEPS_MAX });

let world: FairnessWorld;

beforeAll(async () => {
  const { platform, databaseUrl } = await createTestPlatform();
  const pool = openPool({ url: databaseUrl, size: 1, name: "fairness", limits: RUNNER_LIMITS });
  atTheEnd(() => pool.end());
  world = new FairnessWorld(pool, await createRunner(platform), {
    customers: await Promise.all(Array.from({ length: CUSTOMERS_MAX }, () => createCustomer(platform, 1e9))),
    types: await Promise.all(Array.from({ length: TYPES_MAX }, () => createJobType(platform))),
  });
});

test(
  `in ${RUNS} random runs every claim starts the jobs that the model says, limits hold, and nobody waits too long`,
  async () => {
    const seen = { claims: 0, jobs: 0, longest: 0 };
    await fc.assert(
      fc.asyncProperty(limits, steps, async (limited, plan) => {
        await world.begin(limited);
        await follow(plan, newOrder([...limited.customerLimits, ...limited.typeLimits].some(Boolean)), seen);
      }),
      { numRuns: RUNS, seed: SEED, interruptAfterTimeLimit: SHRINK_MS, markInterruptAsFailure: true },
    );
    console.log(`${seen.claims} claims, ${seen.jobs} jobs; passed over ${seen.longest} times at most`);
    expect(seen.jobs).toBeGreaterThan(RUNS * 10);
    expect(seen.longest).toBeGreaterThan(1);
  },
  TIMEOUT_MS,
);

/** Goes through all steps, then lets all that waits run. */
async function follow(
  plan: readonly Step[],
  order: Order,
  seen: { claims: number; jobs: number; longest: number },
) {
  const ends = new Map<Job, number>();
  const durations = new Map<Job, number>();
  const passedOver = new Map<Customer, number>();
  const labels = new Map<string, string>();
  const labelOf = (id: string) => labels.get(id) ?? id;
  const drain: Step = { arrivals: [], ageing: null, slots: 20 };
  for (let now = 0; now < plan.length || order.waiting.size > 0; now += 1) {
    const { arrivals, ageing, slots } = plan[now] ?? drain;
    const ended = [...order.running].filter((job) => (ends.get(job) ?? 0) <= now);
    for (const job of ended) order.running.delete(job);
    await world.end(ended);

    const arrived = arrivals.flatMap(({ customer, type, priority, count, duration }) =>
      Array.from({ length: count }, () => {
        const job = newJob(pick(world.customers, customer), pick(world.types, type), priority);
        durations.set(job, duration);
        labels.set(job.id, `customer ${customer}, type ${type}, priority ${priority}: job ${labels.size}`);
        return job;
      }),
    );
    await world.submit(arrived);
    for (const job of arrived) order.waiting.add(job);
    if (ageing) {
      const old = [...order.waiting]
        .filter(({ priority }) => priority === ageing.priority)
        .toSorted((a, b) => (a.id < b.id ? -1 : 1))
        .slice(0, ageing.max);
      await world.age(ageing.priority, old.length);
      for (const job of old) job.priority -= 1;
    }

    const due = mostUrgent(order);
    const running = new Map(world.customers.map((one) => [one.id, runningOf(order, one)]));
    for (const [id, jobs] of running) if (jobs === 0) running.delete(id);
    const expected = claim(order, slots);
    const started = await world.claim(slots, running);
    expect(started.map(labelOf).toSorted()).toEqual(expected.map(({ id }) => labelOf(id)).toSorted());

    for (const job of expected) ends.set(job, now + 1 + (durations.get(job) ?? 0));
    for (const one of [...world.customers, ...world.types])
      expect(runningOf(order, one)).toBeLessThanOrEqual(one.limit ?? Infinity);
    for (const one of world.customers) {
      const priority = due.get(one);
      const hadTurn = expected.some(({ customer }) => customer === one);
      const otherHadTurn = expected.some(
        (job) => job.customer !== one && job.priority >= (priority ?? Infinity),
      );
      if (priority === undefined || hadTurn) passedOver.set(one, 0);
      else if (otherHadTurn) passedOver.set(one, (passedOver.get(one) ?? 0) + 1);
      expect(passedOver.get(one) ?? 0).toBeLessThanOrEqual(claimsUntilTurn(one));
      seen.longest = Math.max(seen.longest, passedOver.get(one) ?? 0);
    }
    seen.claims += 1;
    seen.jobs += expected.length;
    // When nothing runs, something starts.
    expect(order.running.size > 0 || order.waiting.size === 0).toBe(true);
  }
}

/** By customer of whom nothing runs: the highest priority at which one of its jobs may start. */
function mostUrgent(order: Order): Map<Customer, number> {
  const due = new Map<Customer, number>();
  for (const job of order.waiting) {
    if (!mayStart(order, job) || runningOf(order, job.customer) > 0) continue;
    due.set(job.customer, Math.min(due.get(job.customer) ?? Infinity, job.priority));
  }
  return due;
}

/** The bound of ARCHITECTURE, section Turns. */
function claimsUntilTurn({ weight }: Customer): number {
  return world.customers.reduce((sum, other) => sum + (2 * other.weight) / weight + 3, 0);
}

function pick<T>(all: readonly T[], n: number): T {
  const one = all[n % all.length];
  if (one === undefined) throw new Error("There is none.");
  return one;
}
