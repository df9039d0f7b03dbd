import { afterAll, beforeAll, expect, test } from "vitest";
import { payloads, type Client, type Contender, type Site } from "../../bench/src/contender.ts";
import { ours } from "../../bench/src/contenders/ours.ts";
import { specification } from "../../bench/src/contenders/specification.ts";
import { createEmptyDatabase } from "../support/database.ts";
import { percentile } from "../support/load.ts";
import { PATIENCE_MS } from "../support/patience.ts";
import { startRedisServer, type RedisServer } from "../support/redis-server.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { waitFor } from "../support/wait-for.ts";

// The bench's own contenders, small and in turns: how fast a machine is does not matter to a ratio, so a regression fails on any of them.

const ROUNDS = 3;
const JOBS = 3_000;
/** Of a contender that does a job at a time. */
const FEW_JOBS = 500;
const CUSTOMERS = 20;

interface Rates {
  readonly submit: number;
  readonly drain: number;
}

let redis: RedisServer;

beforeAll(async () => {
  redis = await startRedisServer({ folder: await temporaryFolder() });
});
afterAll(() => redis.stop());

test("submitting and draining in batches is many times faster than the specification as written", async () => {
  const places = await Promise.all([prepare(ours, 1), prepare(specification, 2)]);
  const ratios = { submit: [] as number[], drain: [] as number[] };
  for (let round = 0; round < ROUNDS; round += 1) {
    const [batched, written] = [
      await measure(ours, places[0], round * JOBS, JOBS),
      await measure(specification, places[1], round * FEW_JOBS, FEW_JOBS),
    ];
    ratios.submit.push(batched.submit / written.submit);
    ratios.drain.push(batched.drain / written.drain);
  }
  const [submit, drain] = [percentile(ratios.submit, 0.5), percentile(ratios.drain, 0.5)];
  console.log(
    `ours / the specification as written: submit ${submit.toFixed(1)}, drain ${drain.toFixed(1)} (at least 2 and 3)`,
  );
  expect(submit).toBeGreaterThanOrEqual(2);
  expect(drain).toBeGreaterThanOrEqual(3);
});

async function prepare(contender: Contender, redisDatabase: number): Promise<Site> {
  const { url } = await createEmptyDatabase();
  const place = { databaseUrl: url, redisUrl: `${redis.url}/${redisDatabase}` };
  return await contender.setUp(place, "throughput", CUSTOMERS);
}

/** Jobs a second of one round; at its end nothing is open. */
async function measure(contender: Contender, site: Site, first: number, count: number): Promise<Rates> {
  const client = await contender.openClient(site);
  try {
    const submit = await perSecond(count, () => client.submitBulk(payloads(first, count)));
    const drain = await drainAll(contender, site, client, count);
    expect((await client.counts()).open).toBe(0);
    expect((await client.audit?.()) ?? []).toEqual([]);
    return { submit, drain };
  } finally {
    await client.close();
  }
}

async function drainAll(contender: Contender, site: Site, client: Client, count: number): Promise<number> {
  let left = count;
  const worker = await contender.openWorker(site, {
    started: () => undefined,
    settled: () => void (left -= 1),
  });
  try {
    return await perSecond(count, async () => {
      await worker.start();
      await waitFor(() => left === 0, {
        timeoutMs: PATIENCE_MS,
        describe: () => `${left} of ${count} jobs to end`,
      });
    });
  } finally {
    await worker.stop();
  }
}

async function perSecond(count: number, work: () => Promise<void>): Promise<number> {
  const started_at = performance.now();
  await work();
  return (count * 1_000) / (performance.now() - started_at);
}
