import type { ErrorCode } from "../lib/errors.ts";
import { DEFAULT_PRIORITY, type Priority } from "../model/job.ts";
import type { Platform } from "./platform.ts";
import { customerInactive, jobTypeDisabled, unknownCustomer, unknownJobType } from "../model/refusals.ts";
import { findRefusal, type SubmitJob } from "./submit-jobs.ts";
import type { Wallet } from "../model/wallet.ts";

/** What a submission would answer now. Nothing is held: a moment later it may be another. */
export interface JobEstimate {
  readonly customer_id: string;
  readonly job_type_id: string;
  readonly priority: Priority;
  readonly estimated_cost_cents: number;
  readonly currency: string;
  readonly available_cents: number;
  readonly affordable: boolean;
  /** Why the wallet would not hold the price; null when it would. */
  readonly refusal: Extract<ErrorCode, "wallet_frozen" | "insufficient_funds" | "spend_limit_reached"> | null;
  /** How long the job that is next in its priority has waited by now; 0 when none waits, null when nobody can say (scheduled, paused, no runner). */
  readonly expected_wait_seconds: number | null;
}

/** Prices a job without submitting it. Throws what a submission would, but for what the wallet says, which is the answer. */
export async function estimateJob(platform: Platform, request: SubmitJob): Promise<JobEstimate> {
  const { customer_id, job_type_id, priority = DEFAULT_PRIORITY } = request;
  const [customer, wallet, jobType, cost] = await Promise.all([
    platform.customers.findById(customer_id),
    platform.wallets.findByCustomerId(customer_id),
    platform.jobTypes.findById(job_type_id),
    platform.prices.quote(job_type_id, customer_id),
  ]);
  // In the order of a submission: the input first.
  const refused = findRefusal(request, jobType);
  if (refused) throw refused;
  if (!customer || !wallet) throw unknownCustomer(customer_id);
  if (!customer.active) throw customerInactive();
  if (!jobType || cost === undefined) throw unknownJobType(job_type_id);
  if (!jobType.enabled) throw jobTypeDisabled();
  const refusal = refusalOf(wallet, cost);
  return {
    customer_id,
    job_type_id,
    priority,
    estimated_cost_cents: cost,
    currency: wallet.currency,
    available_cents: wallet.available_cents,
    affordable: refusal === null,
    refusal,
    expected_wait_seconds:
      jobType.paused_at === null && !isLater(request.run_at) ? await expectedWait(platform, priority) : null,
  };
}

/** In the order of submit_jobs. */
function refusalOf(wallet: Wallet, cost_cents: number): JobEstimate["refusal"] {
  if (wallet.frozen_at !== null) return "wallet_frozen";
  if (wallet.available_cents < cost_cents) return "insufficient_funds";
  const limit = wallet.monthly_spend_limit_cents;
  const used = wallet.month_spent_cents + wallet.pending_charges_cents;
  return limit !== null && limit - used < cost_cents ? "spend_limit_reached" : null;
}

function isLater(run_at: string | undefined): boolean {
  return run_at !== undefined && Date.parse(run_at) > Date.now();
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
