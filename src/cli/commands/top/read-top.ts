import type { RunnerInfo } from "../../../core/model/runner.ts";
import type { Platform } from "../../../core/use-cases/platform.ts";
import { readOverview, type Overview } from "../../../core/use-cases/read-overview.ts";
import { chargedPerMinute, type EndedRates, type Rates } from "./rates.ts";

/** How far back submissions are counted. */
export const SUBMITTED_SECONDS = 5;

/** What `iep top` shows at one moment. */
export interface TopReading {
  readonly overview: Overview;
  readonly runners: readonly (RunnerInfo & { readonly running: number })[];
  /** A second, in the last `SUBMITTED_SECONDS`. */
  readonly submitted: number;
  readonly rates: Rates;
  /** A minute, in minor units, by currency. */
  readonly charged: ReadonlyMap<string, number>;
}

/** Reads what is to be shown. `rates` remembers the reading before. */
export async function readTop(platform: Platform, rates: EndedRates): Promise<TopReading> {
  const [overview, runners, busy, submitted] = await Promise.all([
    readOverview(platform, "15m"),
    platform.runners.list(),
    platform.figures.runningByRunner(),
    platform.figures.submitted(SUBMITTED_SECONDS),
  ]);
  const runningOf = new Map(busy.map(({ runner_id, running }) => [runner_id, running]));
  const at_ms = Date.parse(overview.checked_at);
  return {
    overview,
    runners: runners.map((runner) => ({ ...runner, running: runningOf.get(runner.id) ?? 0 })),
    submitted: submitted / SUBMITTED_SECONDS,
    rates: rates.read(overview.spans, at_ms),
    charged: chargedPerMinute(overview.spans, at_ms),
  };
}
