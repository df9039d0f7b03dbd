import type { PlatformError } from "../../core/lib/errors.ts";
import type { NewJob } from "../../core/model/job.ts";
import {
  currencyMismatch,
  customerInactive,
  idempotencyKeyReused,
  insufficientFunds,
  jobTypeDisabled,
  queueFull,
  spendLimitReached,
  unknownCustomer,
  unknownJobType,
  walletFrozen,
} from "../../core/model/refusals.ts";
import { known } from "../connection/decode.ts";
import { fundsOf } from "./funds-of.ts";
import type { SubmitKeyedJobsRow } from "../connection/functions.gen.ts";

/** Why submit_jobs did not take a job, as the error that its customer gets. */
export function submissionRefusal(job: NewJob, refusal: string, row: SubmitKeyedJobsRow): PlatformError {
  switch (refusal) {
    case "insufficient_funds":
      return insufficientFunds(known(row.estimated_cost_cents, "estimated_cost_cents"), fundsOf(row));
    case "spend_limit_reached":
      return spendLimitReached(known(row.estimated_cost_cents, "estimated_cost_cents"), {
        monthly_spend_limit_cents: known(row.monthly_spend_limit_cents, "monthly_spend_limit_cents"),
        month_spent_cents: known(row.month_spent_cents, "month_spent_cents"),
        pending_charges_cents: known(row.pending_charges_cents, "pending_charges_cents"),
      });
    case "wallet_frozen":
      return walletFrozen();
    case "queue_full":
      return queueFull({
        waiting_jobs: known(row.waiting_jobs, "waiting_jobs"),
        waiting_limit: known(row.waiting_limit, "waiting_limit"),
      });
    case "idempotency_key_reused":
      return idempotencyKeyReused();
    case "unknown_customer":
      return unknownCustomer(job.customer_id);
    case "customer_inactive":
      return customerInactive();
    case "unknown_job_type":
      return unknownJobType(job.job_type_id);
    case "job_type_disabled":
      return jobTypeDisabled();
    case "currency_mismatch":
      return currencyMismatch(job, {
        price_currency: known(row.price_currency, "price_currency"),
        wallet_currency: known(row.wallet_currency, "wallet_currency"),
      });
    default:
      throw new Error(`submit_jobs refused job ${job.id} for an unknown reason: ${refusal}`);
  }
}
