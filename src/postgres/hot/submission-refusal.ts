import { PlatformError } from "../../core/lib/errors.ts";
import { insufficientFunds } from "../../core/model/insufficient-funds.ts";
import type { NewJob } from "../../core/model/job.ts";
import {
  customerInactive,
  idempotencyKeyReused,
  jobTypeDisabled,
  unknownCustomer,
  unknownJobType,
} from "../../core/model/refusals.ts";
import { known } from "../connection/decode.ts";
import type { SubmitKeyedJobsRow } from "../connection/functions.gen.ts";

/** Why submit_jobs did not take a job, as the error that its customer gets. */
export function submissionRefusal(job: NewJob, refusal: string, row: SubmitKeyedJobsRow): PlatformError {
  switch (refusal) {
    case "insufficient_funds":
      return insufficientFunds({
        required_cents: known(row.estimated_cost_cents, "estimated_cost_cents"),
        current_balance_cents: known(row.current_balance_cents, "current_balance_cents"),
        pending_charges_cents: known(row.pending_charges_cents, "pending_charges_cents"),
        credit_limit_cents: known(row.credit_limit_cents, "credit_limit_cents"),
      });
    case "spend_limit_reached":
      return spendLimitReached(row);
    case "wallet_frozen":
      return new PlatformError(
        "wallet_frozen",
        "The wallet is frozen: it takes no new jobs until it is unfrozen.",
      );
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
    default:
      throw new Error(`submit_jobs refused job ${job.id} for an unknown reason: ${refusal}`);
  }
}

function spendLimitReached(row: SubmitKeyedJobsRow): PlatformError {
  const required_cents = known(row.estimated_cost_cents, "estimated_cost_cents");
  const monthly_spend_limit_cents = known(row.monthly_spend_limit_cents, "monthly_spend_limit_cents");
  const month_spent_cents = known(row.month_spent_cents, "month_spent_cents");
  const pending_charges_cents = known(row.pending_charges_cents, "pending_charges_cents");
  return new PlatformError(
    "spend_limit_reached",
    `This costs ${required_cents} cents; of the month's limit of ${monthly_spend_limit_cents}, ${month_spent_cents} are spent and ${pending_charges_cents} held for open jobs. Raise the limit, or wait for the next month.`,
    { members: { required_cents, monthly_spend_limit_cents, month_spent_cents, pending_charges_cents } },
  );
}
