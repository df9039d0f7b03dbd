import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { v7 as uuidv7 } from "uuid";
import { openPlatform } from "../src/bin/open-platform.ts";
import { submitJobs } from "../src/core/use-cases/submit-jobs.ts";
import { startEmbeddedPostgres } from "../src/local/embedded-postgres.ts";
import { createHeartbeat } from "../src/postgres/signals/heartbeat.ts";
import { migrateUp } from "../src/postgres/connection/migrator.ts";
import { SHIPPED_PROCESSORS } from "../src/processors/shipped/shipped.ts";
import { Runner } from "../src/runner/runner.ts";
import { refill } from "../src/upkeep/refill.ts";
import { startUpkeep } from "../src/upkeep/upkeep.ts";

// `node --import tsx scripts/measure-drain.ts`: how fast one runner drains ready `echo` jobs, each held, charged and in the ledger. An embedded PostgreSQL with
// fsync on, and Redis where REDIS_URL says so. JOBS (20000), CUSTOMERS (100), CONCURRENCY (500), ROUNDS (5) change the work. Prints each round and the median.

const number = (name: string, otherwise: number): number => Number(process.env[name] ?? otherwise);
const [jobs, customers, concurrency, rounds] = [
  number("JOBS", 20_000),
  number("CUSTOMERS", 100),
  number("CONCURRENCY", 500),
  number("ROUNDS", 5),
];
const SUBMIT_BATCH = 1_000;
const COST_CENTS = 5;

const folder = await mkdtemp(join(tmpdir(), "iep-drain-"));
const postgres = await startEmbeddedPostgres({ dataDir: join(folder, "postgres") });
try {
  await migrateUp(postgres.url);
  const log = pino({ level: "warn" });
  const platform = openPlatform(
    {
      DATABASE_URL: postgres.url,
      REDIS_URL: process.env["REDIS_URL"],
      QUEUE_KEY_PREFIX: `drain-${process.pid}`,
      DATABASE_POOL_SIZE: 10,
    },
    "drain",
    log,
  );
  const job_type_id = uuidv7();
  await platform.jobTypes.create({
    id: job_type_id,
    name: "Echo",
    processing_logic_id: "echo",
    standard_cost_cents: COST_CENTS,
  });
  const owners = Array.from({ length: customers }, () => uuidv7());
  for (const id of owners) {
    await platform.customers.create({ id, name: "Drain", email: "drain@example.com", currency: "EUR" });
    await platform.wallets.topUp({
      customer_id: id,
      amount_cents: jobs * rounds * COST_CENTS,
      reference: "start",
    });
  }

  const drains: number[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const submit = await perSecond(async () => {
      for (let first = 0; first < jobs; first += SUBMIT_BATCH) {
        const batch = Array.from({ length: Math.min(SUBMIT_BATCH, jobs - first) }, (_, n) => ({
          customer_id: owners[(first + n) % customers] ?? "",
          job_type_id,
          input_data: { n },
        }));
        await submitJobs(platform, batch);
      }
    });
    let left = jobs;
    // 20,000 jobs are more than the ready lists hold: refill runs beside, as in every runner.
    const upkeep = startUpkeep([refill(platform.readyQueue)], log);
    const drain = await perSecond(async () => {
      await new Promise<void>((resolve) => {
        const runner = new Runner({
          platform,
          processors: new Map(SHIPPED_PROCESSORS.map((processor) => [processor.id, processor])),
          concurrency,
          heartbeat: createHeartbeat(postgres.url),
          version: "measure",
          log,
          onSettled: () => {
            left -= 1;
            if (left === 0) void runner.stop().then(resolve);
          },
        });
        runner.start();
      });
    });
    await upkeep.stop();
    drains.push(drain);
    console.log(`round ${round}: submit ${Math.round(submit)}/s, drain ${Math.round(drain)}/s`);
  }
  const broken = (await platform.audit()).filter((row) => row.broken > 0);
  console.log(
    `median drain ${Math.round(drains.toSorted((a, b) => a - b)[rounds >> 1] ?? 0)}/s; audit ${broken.length === 0 ? "clean" : JSON.stringify(broken)}`,
  );
  await platform.close();
} finally {
  await postgres.stop();
  await rm(folder, { recursive: true, force: true });
}

/** Jobs a second of one round. */
async function perSecond(work: () => Promise<void>): Promise<number> {
  const started_at = performance.now();
  await work();
  return (jobs * 1_000) / (performance.now() - started_at);
}
