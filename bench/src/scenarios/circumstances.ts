import { Client } from "pg";
import type { Bench } from "../bench.ts";
import { say, type Scenario } from "../scenario.ts";
import { writeHistory } from "./history.ts";
import { variantScenario, type Ours } from "./variants.ts";

const BACKLOG = 500_000;
const HISTORY = 1_000_000;

const EMPTY = { name: "calm", title: "empty tables, 100 wallets" };

const hotWallet = (bench: Bench, contender: Ours): Scenario =>
  variantScenario(bench, {
    contender,
    name: "hot-wallet",
    title: "Hot wallet",
    about: "All jobs are one customer's: one wallet is held, charged and written for all of them.",
    variants: [
      { name: "spread", title: "1,000 wallets", customers: 1_000 },
      { name: "hot", title: "one wallet", customers: 1 },
    ],
  });

const deepBacklog = (bench: Bench, contender: Ours): Scenario => {
  const backlog = bench.scaled(BACKLOG, 5_000);
  return variantScenario(bench, {
    contender,
    name: "deep-backlog",
    title: "Deep backlog",
    about: `${say(backlog)} more wait behind those that are drained.`,
    variants: [EMPTY, { name: "deep", title: `${say(backlog)} waiting`, backlog }],
  });
};

const longHistory = (bench: Bench, contender: Ours): Scenario => {
  const history = bench.scaled(HISTORY, 10_000);
  return variantScenario(bench, {
    contender,
    name: "long-history",
    title: "Long history",
    about: `${say(history)} jobs have succeeded before, each with its ledger entry.`,
    variants: [
      EMPTY,
      {
        name: "long",
        title: `${say(history)} finished`,
        history,
        prepare: ({ site }) => writeHistory(site, history),
      },
    ],
  });
};

const heldSnapshot = (bench: Bench, contender: Ours): Scenario =>
  variantScenario(bench, {
    contender,
    name: "held-snapshot",
    title: "Held snapshot",
    about:
      "A REPEATABLE READ transaction stays open from before the first submission to the end of the last round: nothing dead can be cleaned up.",
    variants: [
      EMPTY,
      {
        name: "held",
        title: "an open snapshot",
        async prepare({ site }) {
          const client = new Client({ connectionString: site.databaseUrl });
          client.on("error", () => undefined);
          await client.connect();
          await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ");
          await client.query("SELECT count(*) FROM job_queue");
          return () => client.end();
        },
      },
    ],
  });

const SHARED = [hotWallet, deepBacklog, longHistory, heldSnapshot];

const redisDown = (bench: Bench): Scenario => ({
  ...variantScenario(bench, {
    contender: "ours",
    name: "redis-down",
    title: "Redis down",
    about:
      "Redis is stopped once the jobs are submitted: the runner takes them from PostgreSQL. The 3 s until it turns there are not counted.",
    variants: [
      EMPTY,
      {
        name: "down",
        title: "Redis stopped",
        async disturb() {
          await bench.servers.stopRedis();
          return () => bench.servers.restartRedis();
        },
      },
    ],
  }),
});

/** Scenarios of ours alone, under circumstances that other queues are known to suffer from. */
export const circumstances = (bench: Bench): Scenario[] => [
  ...SHARED.map((create) => create(bench, "ours")),
  redisDown(bench),
];

export const circumstancesWithoutRedis = (bench: Bench): Scenario[] =>
  SHARED.map((create) => {
    const scenario = create(bench, "ours-postgres");
    return { ...scenario, name: `${scenario.name}-postgres`, title: `${scenario.title}, without Redis` };
  });
