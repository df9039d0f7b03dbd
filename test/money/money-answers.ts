import { isDeepStrictEqual } from "node:util";
import type { Job } from "../../src/core/model/job.ts";
import type { WalletEntry } from "../../src/core/model/wallet.ts";
import type { MoneyWorld } from "./money-world.ts";

/** What the answers promised and what is stored, compared; empty when they agree. */
export function findBrokenAnswers(
  world: MoneyWorld,
  stored: { jobs: readonly Job[]; entries: readonly WalletEntry[] },
): string[] {
  const jobs = new Map(stored.jobs.map((job) => [job.id, job]));
  const entries = new Map(stored.entries.map((entry) => [`${entry.wallet_id}/${entry.seq}`, entry]));
  const charges = stored.entries.filter((entry) => entry.kind === "charge");
  const costs = [...world.settled.values()].flatMap((outcome) => {
    const quote = jobs.get(outcome.id)?.estimated_cost_cents ?? Number.NaN;
    if (outcome.kind !== "succeeded") return [];
    const cost_cents = Math.max(0, Math.min(outcome.cost_cents ?? quote, quote));
    return cost_cents === 0 ? [] : [`${outcome.id} ${cost_cents}`];
  });
  const facts: Record<string, boolean> = {
    "the jobs are those that were answered": isDeepStrictEqual(
      [...jobs.keys()].toSorted(),
      world.jobs.toSorted(),
    ),
    "the charges are what successes were answered to cost": isDeepStrictEqual(
      charges.map((entry) => `${entry.job_id} ${-entry.amount_cents}`).toSorted(),
      costs.toSorted(),
    ),
    "the other entries are those that were answered":
      stored.entries.length - charges.length === world.posted.length,
    "each entry is as it was answered, every time": [...world.posted, ...world.replayed].every((entry) =>
      isDeepStrictEqual(entries.get(`${entry.wallet_id}/${entry.seq}`), entry),
    ),
    "a key makes one job an item": [...world.made.values()].every(
      ({ ids, fresh }) => ids.size === 1 && fresh === 1,
    ),
  };
  return Object.entries(facts).flatMap(([fact, holds]) => (holds ? [] : [`not ${fact}`]));
}
