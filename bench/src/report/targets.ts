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
    says: "≥ 1.1",
    reached: toFastestPeer,
    met: atLeast(1.1),
  },
  {
    title: "submit over HTTP / BullMQ on Redis",
    scenario: "submit-http",
    says: "≥ 2",
    reached: toPeer("bullmq-redis"),
    met: atLeast(2),
  },
  {
    title: "submit over HTTP / the specification as written",
    scenario: "submit-http",
    says: "≥ 5",
    reached: toPeer("specification"),
    met: atLeast(5),
  },
  {
    title: "drain, one runner / fastest peer",
    scenario: "drain-1",
    says: "≥ 1.5",
    reached: toFastestPeer,
    met: atLeast(1.5),
  },
  {
    title: "drain, 4 runners / ours with one",
    scenario: "drain-4",
    says: "≥ 1",
    reached(four, outcomes) {
      const one = outcomes.get("drain-1");
      if (!one) return undefined;
      const alone = column(one, "ours", "per_second");
      const together = column(four, "ours", "per_second");
      return together.length === 0
        ? undefined
        : spreadOf(together.map((value, round) => value / (alone[round] ?? Number.NaN)));
    },
    met: atLeast(1),
  },
  {
    title: "pick-up at 50/s, p50 / best peer's",
    scenario: "pick-up-50",
    says: "≤ 1",
    reached: (outcome) => ratioToBest(outcome, "started_p50", "ours", PEERS, "less"),
    met: atMost(1),
  },
  {
    title: "pick-up at 50/s, p99 / best peer's",
    scenario: "pick-up-50",
    says: "≤ 1",
    reached: (outcome) => ratioToBest(outcome, "started_p99", "ours", PEERS, "less"),
    met: atMost(1),
  },
  {
    title: "pick-up at 50/s, p50 in ms",
    scenario: "pick-up-50",
    says: "≤ 3",
    reached: (outcome) => oursIn(outcome, "started_p50"),
    met: atMost(3),
  },
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
  const values = column(outcome, "ours", key);
  return values.length === 0 ? undefined : spreadOf(values);
}
