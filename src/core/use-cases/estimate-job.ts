import { databaseClock } from "../lib/database-clock.ts";
import type { PlatformError } from "../lib/errors.ts";
import { CHECK_STEPS_HERE_MAX } from "../model/limits.ts";
import { DEFAULT_PRIORITY, type Priority } from "../model/job.ts";
import type { Platform } from "./platform.ts";
import {
  currencyMismatch,
  customerInactive,
  jobTypeDisabled,
  unknownCustomer,
  unknownJobType,
} from "../model/refusals.ts";
import { findRefusal } from "./find-refusal.ts";
import type { SubmitJob } from "./submit-jobs.ts";
import type { HoldRefusal, Quote } from "../model/price.ts";

/** What a submission would cost and meet now. Nothing is held: a moment later it may be different. */
export interface JobEstimate {
  readonly customer_id: string;
  readonly job_type_id: string;
  readonly priority: Priority;
  readonly estimated_cost_cents: number;
  readonly currency: string;
  readonly available_cents: number;
  readonly affordable: boolean;
  /** Why the wallet would not hold the price; null when it would. */
  readonly refusal: HoldRefusal | null;
  /**
   * How long the next job of its priority has waited; 0 when none waits. Null when nobody can say: the job is
   * scheduled, something is paused, or there is no runner.
   */
  readonly expected_wait_seconds: number | null;
}

/**
 * Prices a job without submitting it. Throws what a submission would throw, except for refusals of the
 * wallet: those are returned as `refusal`.
 */
export async function estimateJob(platform: Platform, request: SubmitJob): Promise<JobEstimate> {
  const { customer_id, job_type_id, priority = DEFAULT_PRIORITY } = request;
  const [wallet, jobType, quote] = await Promise.all([
    platform.wallets.findByCustomerId(customer_id),
    platform.jobTypes.findById(job_type_id),
    platform.prices.quote(job_type_id, customer_id),
  ]);
  // In the order of a submission: the input first.
  const means = { inputSchemas: platform.inputSchemas, budget: { steps: CHECK_STEPS_HERE_MAX } };
  const refused = (await findRefusal(request, jobType, means)) ?? refusalBeforePrice(quote, request);
  if (refused) throw refused;
  const { refusal, cost_cents } = quote;
  if (!wallet || cost_cents === null) throw unknownCustomer(customer_id);
  if (!jobType) throw unknownJobType(job_type_id);
  return {
    customer_id,
    job_type_id,
    priority,
    estimated_cost_cents: cost_cents,
    currency: wallet.currency,
    available_cents: wallet.available_cents,
    affordable: refusal === null,
    refusal,
    expected_wait_seconds:
      jobType.paused_at === null && !isLater(request.run_at) ? await expectedWait(platform, priority) : null,
  };
}

/** The refusals that do not depend on the wallet: such a submission has no price. */
function refusalBeforePrice(
  quote: Quote,
  { customer_id, job_type_id }: SubmitJob,
): PlatformError | undefined {
  switch (quote.refusal) {
    case "unknown_customer":
      return unknownCustomer(customer_id);
    case "customer_inactive":
      return customerInactive();
    case "unknown_job_type":
      return unknownJobType(job_type_id);
    case "job_type_disabled":
      return jobTypeDisabled();
    case "currency_mismatch":
      return currencyMismatch({ customer_id, job_type_id }, quote);
    case "wallet_frozen":
    case "insufficient_funds":
    case "spend_limit_reached":
    case null:
      return undefined;
  }
}

function isLater(run_at: string | undefined): boolean {
  return run_at !== undefined && Date.parse(run_at) > databaseClock.now();
}

async function expectedWait(platform: Platform, priority: Priority): Promise<number | null> {
  const [paused_at, runners, wait_seconds] = await Promise.all([
    platform.waitingJobs.pausedAt(),
    platform.runners.list(),
    platform.waitingJobs.oldestWait(priority),
  ]);
  if (paused_at !== null || runners.length === 0) return null;
  return wait_seconds ?? 0;
}
