import type { Outcome } from "../scenario.ts";
import { spreadOf, type Spread } from "../statistics.ts";
import { column, ratio, ratioToBest } from "./comparison.ts";

/** The targets, on two cores. */
interface Target {
  readonly title: string;
  readonly scenario: string;
  readonly says: string;
  /** Returns undefined when this run has not measured it. */
  readonly reached: (outcome: Outcome, outcomes: ReadonlyMap<string, Outcome>) => Spread | undefined;
  readonly met: (median: number) => boolean;
  readonly digits?: number;
}

export interface Verdict {
  readonly title: string;
  readonly says: string;
  readonly reached: Spread;
  readonly met: boolean;
  readonly digits: number;
}

/** All but ours and the specification as written, which shows what batching is worth. */
const PEERS = ["bullmq-redis", "bullmq-postgres", "graphile-worker", "pg-boss"];
/** Those whose acknowledged jobs survive a crash of their server. */
const DURABLE_PEERS = ["bullmq-postgres", "graphile-worker", "pg-boss", "specification"];
const WITHOUT_REDIS = { ours: "", "ours-postgres": ", without Redis" } as const;

const atLeast = (least: number) => (median: number) => median >= least;
const atMost = (most: number) => (median: number) => median <= most;
const toFastestPeer = (outcome: Outcome) => ratioToBest(outcome, "per_second", "ours", PEERS, "more");
const toPeer = (peer: string) => (outcome: Outcome) => ratio(outcome, "per_second", "ours", peer);
const toCalm = (variant: string) => (outcome: Outcome) =>
  ratio(outcome, "per_second", variant, outcome.subjects[0]?.name ?? "");

const TARGETS: readonly Target[] = [
  {
    title: "submit in bulk / fastest peer",
    scenario: "submit-bulk",
    says: "≥ 0.8",
    reached: toFastestPeer,
    met: atLeast(0.8),
  },
  {
    title: "submit over HTTP / BullMQ on Redis",
    scenario: "submit-http",
    says: "≥ 1",
    reached: toPeer("bullmq-redis"),
    met: atLeast(1),
  },
  {
    title: "submit over HTTP / the specification as written",
    scenario: "submit-http",
    says: "≥ 3",
    reached: toPeer("specification"),
    met: atLeast(3),
  },
  ...(
    [
      ["drain, one runner / fastest peer", "drain-1", 1.8],
      ["drain, 2 runners / fastest peer with as many", "drain-2", 1.5],
      ["drain, 4 runners / fastest peer with as many", "drain-4", 1.3],
    ] as const
  ).map(([title, scenario, least]) => ({
    title,
    scenario,
    says: `≥ ${least}`,
    reached: toFastestPeer,
    met: atLeast(least),
  })),
  {
    title: "drain from a cold start / fastest peer",
    scenario: "cold-drain",
    says: "≥ 1.1",
    reached: (outcome) => ratioToBest(outcome, "cold_per_second", "ours", PEERS, "more"),
    met: atLeast(1.1),
  },
  ...(["ours", "ours-postgres"] as const).flatMap((ours) => [
    ...(
      [
        ["pick-up at 50/s, p50", "pick-up-50", "started_p50"],
        ["pick-up at 50/s, p99", "pick-up-50", "started_p99"],
        ["pick-up at 500/s, p50", "pick-up-500", "started_p50"],
        ["end to end at 500/s, p50", "end-to-end", "settled_p50"],
      ] as const
    ).map(([title, scenario, key]) => ({
      title: `${title} / best durable peer's${WITHOUT_REDIS[ours]}`,
      scenario,
      says: "≤ 1",
      reached: (outcome: Outcome) => ratioToBest(outcome, key, ours, DURABLE_PEERS, "less"),
      met: atMost(1),
    })),
    ...(
      [
        ["5 ms", "fairness-5ms", 2],
        ["400 ms", "fairness-400ms", 4.4],
      ] as const
    ).map(([what, scenario, most]) => ({
      title: `others behind a flood of jobs of ${what}, median wait in s${WITHOUT_REDIS[ours]}`,
      scenario,
      says: `≤ ${most}`,
      reached: (outcome: Outcome) => valueOf(outcome, ours, "wait_p50"),
      met: atMost(most),
    })),
  ]),
  {
    title: "one hot wallet / 1,000 wallets",
    scenario: "hot-wallet",
    says: "≥ 0.7",
    reached: toCalm("hot"),
    met: atLeast(0.7),
  },
  {
    title: "500,000 waiting behind / empty tables",
    scenario: "deep-backlog",
    says: "≥ 0.85",
    reached: toCalm("deep"),
    met: atLeast(0.85),
  },
  {
    title: "1 million finished / empty tables",
    scenario: "long-history",
    says: "≥ 0.85",
    reached: toCalm("long"),
    met: atLeast(0.85),
  },
  {
    title: "held snapshot / without",
    scenario: "held-snapshot",
    says: "≥ 0.6",
    reached: toCalm("held"),
    met: atLeast(0.6),
  },
  {
    title: "Redis down / up",
    scenario: "redis-down",
    says: "≥ 0.6",
    reached: toCalm("down"),
    met: atLeast(0.6),
  },
  {
    title: "a runner's RSS in MiB at most, drain with one",
    scenario: "drain-1",
    says: "≤ 200",
    reached: (outcome) => oursIn(outcome, "memory_mib"),
    met: atMost(200),
    digits: 0,
  },
];

/** Judges the targets that this run has measured, by the median of the rounds. */
export function judge(outcomes: readonly Outcome[]): Verdict[] {
  const byName = new Map(outcomes.map((outcome) => [outcome.scenario.name, outcome]));
  return TARGETS.flatMap(({ title, scenario, says, reached, met, digits = 2 }) => {
    const outcome = byName.get(scenario);
    const spread = outcome && reached(outcome, byName);
    return spread ? [{ title, says, reached: spread, met: met(spread.median), digits }] : [];
  });
}

function oursIn(outcome: Outcome, key: string): Spread | undefined {
  return valueOf(outcome, "ours", key);
}

function valueOf(outcome: Outcome, subject: string, key: string): Spread | undefined {
  const values = column(outcome, subject, key);
  return values.length === 0 ? undefined : spreadOf(values);
}
