import { Redis } from "ioredis";
import { Pool } from "pg";
import { v7 as uuidv7 } from "uuid";
import type { Contender, Payload, Site, Watch } from "../contender.ts";
import { countRows, runSql } from "../servers/sql.ts";

/**
 * Jobs that a worker runs at a time, each in a loop of its own. With one at a time it would be ten times
 * slower.
 */
const LOOPS = 10;
const POOL_SIZE = 10;
const LIST = "jobs:p1:pending";
const POP_WAIT_SECONDS = 1;
const COST_CENTS = 5;

const SCHEMA = `
CREATE TABLE customers (id uuid PRIMARY KEY, name text NOT NULL);
CREATE TABLE wallets (id uuid PRIMARY KEY, customer_id uuid NOT NULL UNIQUE REFERENCES customers, current_balance_cents bigint NOT NULL);
CREATE TABLE job_types (id uuid PRIMARY KEY, name text NOT NULL, standard_cost_cents bigint NOT NULL);
CREATE TYPE job_status AS ENUM ('pending', 'running', 'succeeded', 'failed');
CREATE TABLE jobs (
  id uuid PRIMARY KEY, customer_id uuid NOT NULL REFERENCES customers, job_type_id uuid NOT NULL REFERENCES job_types,
  status job_status NOT NULL DEFAULT 'pending', priority smallint NOT NULL, input_data jsonb NOT NULL, output_data jsonb,
  estimated_cost_cents bigint NOT NULL, cost_cents bigint, created_at timestamptz NOT NULL DEFAULT now(), started_at timestamptz, completed_at timestamptz);
`;

/**
 * The platform's specification taken at its word, to show what batching is worth: one job at a time, one
 * statement for each step, one commit for each statement.
 */
export const specification: Contender = {
  title: "the specification as written",
  settings:
    `one statement a step, each its own commit: INSERT, LPUSH; BRPOP, SELECT, UPDATE running, UPDATE succeeded, SELECT cost, UPDATE wallet; ` +
    `${LOOPS} loops on one pool of ${POOL_SIZE} a worker; prepared statements`,
  source: "ours, the naive reading",
  share: 0.2,

  async setUp(place, purpose, customers) {
    const jobTypeId = uuidv7();
    const customerIds = Array.from({ length: customers }, () => uuidv7());
    await runSql(
      place.databaseUrl,
      SCHEMA,
      `INSERT INTO job_types VALUES ('${jobTypeId}', 'No-op', ${COST_CENTS})`,
      ...customerIds.flatMap((id) => [
        `INSERT INTO customers VALUES ('${id}', 'B')`,
        `INSERT INTO wallets VALUES ('${uuidv7()}', '${id}', 1000000000)`,
      ]),
    );
    return { ...place, purpose, jobTypeId, customerIds, apiKeys: [] };
  },

  async openClient(site) {
    const pool = openPool(site);
    const redis = new Redis(site.redisUrl);
    await Promise.all([pool.query("SELECT 1"), redis.ping()]);
    const submitOne = async (payload: Payload): Promise<void> => {
      const id = uuidv7();
      const customer = site.customerIds[payload.n % site.customerIds.length];
      await pool.query({
        name: "insert",
        text: "INSERT INTO jobs (id, customer_id, job_type_id, priority, input_data, estimated_cost_cents) VALUES ($1, $2, $3, 1, $4, $5)",
        values: [id, customer, site.jobTypeId, payload, COST_CENTS],
      });
      await redis.lpush(LIST, id);
    };
    return {
      submitBulk: async (payloads) => void (await Promise.all(payloads.map(submitOne))),
      submitOne,
      async counts() {
        const [open = 0, succeeded = 0] = await countRows(site.databaseUrl, [
          "jobs WHERE status IN ('pending', 'running')",
          "jobs WHERE status = 'succeeded'",
        ]);
        return { open, succeeded };
      },
      async close() {
        redis.disconnect();
        await pool.end();
      },
    };
  },

  async openWorker(site, watch) {
    const pool = openPool(site);
    // A blocking pop occupies its connection, so each loop has one of its own.
    const connections = Array.from({ length: LOOPS }, () => new Redis(site.redisUrl));
    await Promise.all([pool.query("SELECT 1"), ...connections.map((redis) => redis.ping())]);
    const stopping = new AbortController();
    let loops: Promise<unknown> = Promise.resolve();
    return {
      async start() {
        loops = Promise.all(
          connections.map(async (redis) => {
            while (!stopping.signal.aborted) {
              const popped = await redis.brpop(LIST, POP_WAIT_SECONDS);
              if (popped) await runJob(pool, popped[1], watch);
            }
          }),
        );
      },
      async stop() {
        stopping.abort();
        await loops;
        for (const redis of connections) redis.disconnect();
        await pool.end();
      },
    };
  },
};

function openPool({ databaseUrl }: Site): Pool {
  const pool = new Pool({ connectionString: databaseUrl, max: POOL_SIZE });
  pool.on("error", () => undefined);
  return pool;
}

interface JobRow {
  readonly customer_id: string;
  readonly job_type_id: string;
  readonly input_data: Payload;
}

async function runJob(pool: Pool, id: string, watch: Watch): Promise<void> {
  const found = await pool.query<JobRow>({
    name: "find",
    text: "SELECT customer_id, job_type_id, input_data FROM jobs WHERE id = $1",
    values: [id],
  });
  const [job] = found.rows;
  if (!job) throw new Error(`there is no job ${id}`);
  await pool.query({
    name: "start",
    text: "UPDATE jobs SET status = 'running', started_at = now() WHERE id = $1",
    values: [id],
  });
  watch.started(job.input_data.n);
  await pool.query({
    name: "complete",
    text: "UPDATE jobs SET status = 'succeeded', completed_at = now(), output_data = $2, cost_cents = estimated_cost_cents WHERE id = $1",
    values: [id, null],
  });
  const cost = await pool.query<{ standard_cost_cents: string }>({
    name: "cost",
    text: "SELECT standard_cost_cents FROM job_types WHERE id = $1",
    values: [job.job_type_id],
  });
  await pool.query({
    name: "charge",
    text: "UPDATE wallets SET current_balance_cents = current_balance_cents - $1 WHERE customer_id = $2 AND current_balance_cents >= $1",
    values: [cost.rows[0]?.standard_cost_cents, job.customer_id],
  });
  watch.settled(job.input_data.n);
}
