import type { Outcome, Values } from "../scenario.ts";
import { spreadOf, type Spread } from "../statistics.ts";

/** Returns the values of one column, one for each round. */
export function column(outcome: Outcome, subject: string, key: string): number[] {
  return (outcome.values.get(subject) ?? []).map((values: Values) => values[key] ?? Number.NaN);
}

/**
 * Returns the spread of the ratios of each round, not the ratio of medians: a slow round of the machine hits
 * both subjects.
 */
export function ratio(outcome: Outcome, key: string, above: string, below: string): Spread | undefined {
  const [numerators, denominators] = [column(outcome, above, key), column(outcome, below, key)];
  if (numerators.length === 0 || numerators.length !== denominators.length) return undefined;
  return spreadOf(numerators.map((value, round) => value / (denominators[round] ?? Number.NaN)));
}

/** Compares ours with the best of `others`, in each round with the best of that round. */
export function ratioToBest(
  outcome: Outcome,
  key: string,
  ours: string,
  others: readonly string[],
  better: "more" | "less",
): Spread | undefined {
  const rivals = others.map((name) => column(outcome, name, key)).filter((values) => values.length > 0);
  const mine = column(outcome, ours, key);
  if (mine.length === 0 || rivals.length === 0) return undefined;
  const best = better === "more" ? Math.max : Math.min;
  return spreadOf(
    mine.map((value, round) => value / best(...rivals.map((values) => values[round] ?? Number.NaN))),
  );
}
