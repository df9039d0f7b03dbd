import { expect, test } from "vitest";
import type { Pool } from "pg";
import { v7 as uuidv7 } from "uuid";
import { atTheEnd } from "../../../test/support/cleanup.ts";
import {
  createCustomer,
  createJobType,
  createRunner,
  createTestPlatform,
} from "../../../test/support/test-platform.ts";
import type { ClaimedJob, JobRepository, NewJob } from "../../core/model/job.ts";
import { createDatabase } from "../connection/database.ts";
import { PostgresJobRepository } from "./jobs.ts";
import { openPool, RUNNER_LIMITS } from "../connection/pool.ts";

// A batch whose plan flips to a nested loop or a scan of the whole table costs a factor of 100, and nobody
// sees it until the tables are large. Here the server itself tells, by auto_explain, which plans the hot
// functions ran, under the statistics that made others flip.

const BATCH = 200;
const NO_ROOM = { 0: false, 1: false, 2: false };
/** What grows with the history, the backlog or the number of customers. */
const LARGE = ["jobs", "job_queue", "wallets", "wallet_entries", "customers", "idempotency_keys"];

interface PlanNode {
  readonly "Node Type": string;
  readonly "Relation Name"?: string;
  readonly "Index Name"?: string;
  readonly Plans?: readonly PlanNode[];
}

interface Explained {
  readonly "Query Text": string;
  readonly Plan: PlanNode;
}

interface Setting {
  /** Its only connection keeps the plans of the functions, and reports every plan to `explained`. */
  readonly pool: Pool;
  readonly explained: Explained[];
  readonly jobs: JobRepository;
  readonly runner_id: string;
  readonly job_type_id: string;
  readonly customers: readonly string[];
}

/**
 * A database of its own. Its connection has cached the plans of all functions, made for tables that are
 * almost empty.
 */
async function createSetting(): Promise<Setting> {
  const { platform, databaseUrl } = await createTestPlatform();
  const explained: Explained[] = [];
  const pool = openPool({ url: databaseUrl, size: 1, name: "plans", limits: RUNNER_LIMITS });
  atTheEnd(() => pool.end());
  pool.on("connect", (client) => {
    client.on("notice", ({ message = "" }) => {
      const json = /plan:\n(\{.*)/s.exec(message)?.[1];
      // The form of auto_explain's JSON, of which only these members are read.
      if (json !== undefined) explained.push(JSON.parse(json) as Explained);
    });
  });
  const database = createDatabase(pool);
  for (const table of LARGE) await pool.query(`ALTER TABLE ${table} SET (autovacuum_enabled = off)`);
  const setting = {
    pool,
    explained,
    jobs: new PostgresJobRepository({ requests: database, runners: database }),
    runner_id: await createRunner(platform),
    job_type_id: await createJobType(platform, { standard_cost_cents: 1 }),
    customers: await Promise.all(Array.from({ length: 20 }, () => createCustomer(platform, 1_000_000))),
  };
  for (let round = 0; round < 8; round += 1) await passThrough(setting, 2, round % 2 === 0);
  return setting;
}

async function submit(
  { jobs, customers, job_type_id }: Setting,
  count: number,
  keyed = false,
): Promise<string[]> {
  const batch = Array.from({ length: count }, (_, n): NewJob => ({
    id: uuidv7(),
    customer_id: customers[n % customers.length] ?? "",
    job_type_id,
    priority: 1,
    input_data: { n },
    key: keyed ? { id: uuidv7(), request_hash: uuidv7(), item: 0 } : undefined,
  }));
  const submitted = await jobs.submit(batch, NO_ROOM);
  return submitted.map((one) => ("job" in one ? one.job.id : "refused"));
}

async function settle({ jobs }: Setting, claimed: readonly ClaimedJob[]): Promise<void> {
  const outcomes = claimed.map(
    ({ id, attempt }) => ({ id, attempt, kind: "succeeded", output: null }) as const,
  );
  expect(await jobs.settle(outcomes, [...new Set(claimed.map(({ lease_id }) => lease_id))])).toEqual([]);
}

async function passThrough(setting: Setting, count: number, keyed = false): Promise<void> {
  const ids = await submit(setting, count, keyed);
  await settle(setting, await setting.jobs.claim({ runner_id: setting.runner_id, ids }));
}

/** Every statement that these functions ran while `work` did. */
async function plansOf({ pool, explained }: Setting, work: () => Promise<void>): Promise<Explained[]> {
  explained.length = 0;
  await pool.query("LOAD 'auto_explain'");
  await pool.query(
    "SET auto_explain.log_min_duration = 0; SET auto_explain.log_nested_statements = on; SET auto_explain.log_format = json; SET client_min_messages = log",
  );
  await work();
  await pool.query("SET client_min_messages = notice; SET auto_explain.log_min_duration = -1");
  return [...explained];
}

function nodesOf(node: PlanNode): PlanNode[] {
  return [node, ...(node.Plans ?? []).flatMap(nodesOf)];
}

function relationsBelow(node: PlanNode): string[] {
  return nodesOf(node).flatMap((one) => one["Relation Name"] ?? []);
}

/** A large table read whole, or probed row by row. */
function flipsIn({ Plan, "Query Text": query }: Explained): string[] {
  return nodesOf(Plan)
    .filter((node) => {
      if (node["Node Type"] === "Seq Scan") return LARGE.includes(node["Relation Name"] ?? "");
      if (node["Node Type"] !== "Nested Loop" && node["Node Type"] !== "Merge Join") return false;
      return relationsBelow(node).some((relation) => LARGE.includes(relation));
    })
    .map(
      (node) => `${node["Node Type"]} over ${relationsBelow(node).join(", ")}: ${query.trim().slice(0, 200)}`,
    );
}

/**
 * The one place that probes row by row, and means to: a bounded probe a customer, of an index that has the
 * order.
 */
function isOfTurns({ "Query Text": query }: Explained): boolean {
  return query.includes("q.customer_id, q.job_type_id");
}

function readOfQueue(node: PlanNode): string[] {
  return node["Relation Name"] === "job_queue" ? [node["Index Name"] ?? node["Node Type"]] : [];
}

const BACKLOG = 1_000;

/** Each brings about what its name says, with a backlog of `BACKLOG` jobs. */
const CIRCUMSTANCES: [name: string, arrange: (setting: Setting) => Promise<void>][] = [
  [
    "plans cached when the tables were all but empty",
    async (setting) => {
      await submit(setting, BACKLOG);
    },
  ],
  [
    "no statistics, as after a restore",
    async (setting) => {
      await submit(setting, BACKLOG);
      await setting.pool.query("DISCARD PLANS");
    },
  ],
  [
    "statistics that say every job has succeeded and nobody waits",
    async (setting) => {
      await passThrough(setting, BACKLOG);
      await setting.pool.query("ANALYZE");
      await setting.pool.query("DISCARD PLANS");
      await submit(setting, BACKLOG);
    },
  ],
  [
    "statistics of a moment when everything waited",
    async (setting) => {
      await submit(setting, BACKLOG);
      await setting.pool.query("ANALYZE");
      await setting.pool.query("DISCARD PLANS");
    },
  ],
];

test.each(CIRCUMSTANCES)(
  "with %s, submit, claim and settle reach large tables by index and join them by hash",
  async (_name, arrange) => {
    const setting = await createSetting();
    const { jobs, runner_id } = setting;
    await arrange(setting);

    const seen = await plansOf(setting, async () => {
      const ids = await submit(setting, BATCH);
      const keyed = await submit(setting, BATCH, true);
      await settle(setting, await jobs.claim({ runner_id, ids: [...ids, ...keyed] }));
      await settle(setting, await jobs.claimTurns({ runner_id, max: BATCH }));
      await settle(setting, await jobs.claimTurns({ runner_id, max: BATCH }));
    });
    const text = seen.map((one) => one["Query Text"]).join("\n");
    for (const written of ["INSERT INTO jobs", "UPDATE jobs", "INSERT INTO wallet_entries", "UPDATE wallets"])
      expect(text).toContain(written);
    const turns = seen.filter(isOfTurns);
    expect(turns).not.toEqual([]);
    expect(new Set(turns.flatMap(({ Plan }) => nodesOf(Plan)).flatMap(readOfQueue))).toEqual(
      new Set(["job_queue_turns"]),
    );
    expect(seen.filter((one) => !isOfTurns(one)).flatMap(flipsIn)).toEqual([]);
  },
);

test("the check sees a flipped plan", async () => {
  const setting = await createSetting();
  const seen = await plansOf(setting, async () => {
    await setting.pool.query(
      "SET enable_hashjoin = off; SET enable_mergejoin = off; SELECT count(*) FROM jobs j JOIN wallets w USING (customer_id); RESET enable_hashjoin; RESET enable_mergejoin",
    );
  });
  expect(seen.flatMap(flipsIn).join()).toContain("Nested Loop over");
});
