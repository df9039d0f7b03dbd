import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { OpenPlatform } from "../../src/bin/open-platform.ts";
import type { Job } from "../../src/core/model/job.ts";
import { submitJobs } from "../../src/core/use-cases/submit-jobs.ts";
import { atTheEnd } from "../support/cleanup.ts";
import { directoryWith } from "../support/directory-with.ts";
import { GATED_PROCESSOR } from "../support/gated-processor.ts";
import { PATIENCE_MS } from "../support/patience.ts";
import { startIep } from "../support/processes.ts";
import { redisNamespace } from "../support/redis.ts";
import {
  brokenPromises,
  createCustomer,
  createJobType,
  createTestPlatform,
} from "../support/test-platform.ts";
import { waitFor } from "../support/wait-for.ts";
import {
  poisonModule,
  WAYS_IN_A_THREAD,
  WAYS_TO_END_THE_PROCESS,
  WAYS_TO_END_THE_PROCESS_FROM_A_THREAD,
  WAYS_TO_LIVE_THROUGH,
} from "./poison-ways.ts";

const INNOCENTS = 5;
const PRICE_CENTS = 10;
const FUNDS_CENTS = 1_000_000;

type Ways = typeof WAYS_TO_LIVE_THROUGH;

interface Poison {
  readonly ways: Ways;
  readonly thread?: boolean;
}

const QUEUES = ["Redis", "PostgreSQL alone"] as const;

describe("beside five jobs of another customer, with Redis and without", () => {
  test("whatever a processor does that its runner can live through ends its own attempt alone", async () => {
    const poisons = {
      "test.poison": { ways: WAYS_TO_LIVE_THROUGH },
      "test.poison.thread": { ways: WAYS_IN_A_THREAD, thread: true },
    };
    for (const { exits, innocents } of await Promise.all(QUEUES.map((queue) => poison(queue, poisons)))) {
      expect(exits).toEqual([]);
      for (const job of innocents) expect(job).toMatchObject({ attempt: 1, errors: [] });
    }
  });

  test("what ends the process fails once it runs apart; the others lose a runner, and succeed", async () => {
    const poisons = {
      "test.killer": { ways: WAYS_TO_END_THE_PROCESS },
      "test.killer.thread": { ways: WAYS_TO_END_THE_PROCESS_FROM_A_THREAD, thread: true },
    };
    for (const { exits, innocents } of await Promise.all(QUEUES.map((queue) => poison(queue, poisons)))) {
      expect(exits.length).toBeGreaterThan(0);
      for (const job of innocents)
        expect(new Set(job.errors.map(({ code }) => code))).toEqual(new Set(["runner_lost"]));
    }
  });
});

/**
 * Runs every way of the poisons at once, each as a job of its own, on one runner that a supervisor starts again
 * whenever it ends. The innocent jobs run all the while, and end after the last of the others.
 */
async function poison(queue: (typeof QUEUES)[number], poisons: Readonly<Record<string, Poison>>) {
  const redis = queue === "Redis" ? redisNamespace() : undefined;
  const { platform, databaseUrl } = await createTestPlatform(redis ? { redis } : {});
  const files = Object.entries(poisons).map(([id, { ways, thread }]) => [
    `${id}.js`,
    poisonModule(id, ways, thread),
  ]);
  const directory = await directoryWith({ ...Object.fromEntries(files), "innocent.js": GATED_PROCESSOR });
  const gate = join(directory, "gate.open");
  const [bad, good] = [await createCustomer(platform), await createCustomer(platform)];
  const typeOf = (processing_logic_id: string, timeout_seconds = 60): Promise<string> =>
    createJobType(platform, {
      processing_logic_id,
      timeout_seconds,
      max_attempts: 1,
      standard_cost_cents: PRICE_CENTS,
    });
  const innocentType = await typeOf("test.gated");
  const innocent = { customer_id: good, job_type_id: innocentType, input_data: gate, priority: 0 as const };
  const innocentIds = await submitAll(
    platform,
    Array.from({ length: INNOCENTS }, () => innocent),
  );
  const runner = supervise({
    DATABASE_URL: databaseUrl,
    ...(redis ? { REDIS_URL: redis.url, QUEUE_KEY_PREFIX: redis.prefix } : {}),
    PROCESSORS_DIR: directory,
    RUNNER_CONCURRENCY: "200",
    RUNNER_LEASE_SECONDS: "3",
    LOG_LEVEL: "warn",
  });
  // Before the others come, so that whatever ends the runner takes them along.
  await waitFor(
    async () => {
      const jobs = await platform.jobs.list({ customer_id: good }, { limit: 200 });
      return jobs.every(({ status }) => status === "running");
    },
    { timeoutMs: PATIENCE_MS, describe: () => `the innocent jobs to run\n${runner.report()}` },
  );
  const expected = new Map<string, { name: string; end: Ways[string]["end"] }>();
  for (const [id, { ways }] of Object.entries(poisons)) {
    const [job_type_id, hasty_type_id] = [await typeOf(id), await typeOf(id, 2)];
    const entries = Object.entries(ways);
    const ids = await submitAll(
      platform,
      entries.map(([input_data, { end }]) => ({
        customer_id: bad,
        job_type_id: "error" in end && end.error === "timed_out" ? hasty_type_id : job_type_id,
        input_data,
      })),
    );
    ids.forEach((job, n) =>
      expected.set(job, { name: entries[n]?.[0] ?? "", end: entries[n]?.[1].end ?? { error: "" } }),
    );
  }

  const poisoned = await allEnded(platform, bad, [...expected.keys()], runner);
  const ends = poisoned.map((job) => ({
    name: expected.get(job.id)?.name,
    end: job.status === "succeeded" ? { output: job.output_data } : { error: job.error?.code },
  }));
  expect(ends).toEqual([...expected.values()]);
  await writeFile(gate, "");
  const innocents = await allEnded(platform, good, innocentIds, runner);
  runner.stop();
  expect(innocents).toHaveLength(INNOCENTS);
  for (const job of innocents) {
    expect(job).toMatchObject({ status: "succeeded", output_data: "through", cost_cents: PRICE_CENTS });
  }
  expect(await platform.wallets.findByCustomerId(good)).toMatchObject({
    current_balance_cents: FUNDS_CENTS - INNOCENTS * PRICE_CENTS,
    pending_charges_cents: 0,
  });
  const paid = poisoned.filter((job) => job.status === "succeeded").length;
  expect(await platform.wallets.findByCustomerId(bad)).toMatchObject({
    current_balance_cents: FUNDS_CENTS - paid * PRICE_CENTS,
    pending_charges_cents: 0,
  });
  expect(await brokenPromises(platform)).toEqual([]);
  return { exits: runner.exits, innocents };
}

interface Supervised {
  /** How the runners ended that were not stopped. */
  readonly exits: readonly unknown[];
  readonly report: () => string;
  stop(): void;
}

/** As a service manager does: a runner, and another one whenever it ends. */
function supervise(env: Readonly<Record<string, string>>): Supervised {
  const exits: unknown[] = [];
  const stopping = new AbortController();
  let runner = startIep(["runner"], { env });
  const first = runner;
  const watch = async (): Promise<void> => {
    for (let exit = await runner.exited; !stopping.signal.aborted; exit = await runner.exited) {
      exits.push(exit);
      runner = startIep(["runner"], { env });
    }
  };
  void watch();
  const stop = (): void => {
    stopping.abort();
    runner.signal("SIGKILL");
  };
  // Before the processes of the test are killed, which would start another.
  atTheEnd(async () => stop());
  return {
    exits,
    stop,
    report: () =>
      [...first.stderr.slice(-30), "----", ...runner.stdout, ...runner.stderr].slice(-60).join("\n"),
  };
}

async function submitAll(platform: OpenPlatform, jobs: Parameters<typeof submitJobs>[1]): Promise<string[]> {
  return (await submitJobs(platform, jobs)).map((submitted) => {
    if (!("job" in submitted)) throw new Error("refused", { cause: submitted });
    return submitted.job.id;
  });
}

/** All jobs of a customer, in the order of `ids`, once they have ended. */
async function allEnded(
  platform: OpenPlatform,
  customer_id: string,
  ids: readonly string[],
  runner: Supervised,
): Promise<Job[]> {
  let open: string[] = [];
  const jobs = await waitFor(
    async () => {
      const all = await platform.jobs.list({ customer_id }, { limit: 200 });
      open = all.flatMap((job) => (job.completed_at ? [] : [`${String(job.input_data)} ${job.status}`]));
      return open.length === 0 && new Map(all.map((job) => [job.id, job]));
    },
    {
      timeoutMs: PATIENCE_MS,
      describe: () =>
        `these jobs to end: ${JSON.stringify(open)}\n${JSON.stringify(runner.exits)}\n${runner.report()}`,
    },
  );
  return ids.flatMap((id) => jobs.get(id) ?? []);
}
