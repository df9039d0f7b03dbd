import { PlatformError } from "../lib/errors.ts";
import { QUEUE_FULL_RETRY_SECONDS } from "./limits.ts";

// Why a submission is not taken: the same words wherever it is found out.

export function unknownCustomer(customer_id: string): PlatformError {
  return new PlatformError("unknown_customer", `There is no customer ${customer_id}.`, {
    errors: [{ pointer: "/customer_id", message: "is not known" }],
  });
}

export function customerInactive(): PlatformError {
  return new PlatformError("customer_inactive", "This customer is not active and cannot submit jobs.");
}

export function unknownJobType(job_type_id: string): PlatformError {
  return new PlatformError("unknown_job_type", `There is no job type ${job_type_id}.`, {
    errors: [{ pointer: "/job_type_id", message: "is not known" }],
  });
}

export function jobTypeDisabled(): PlatformError {
  return new PlatformError("job_type_disabled", "This job type takes no new jobs.", {
    errors: [{ pointer: "/job_type_id", message: "is disabled" }],
  });
}

/** The currencies of a price and of the wallet that was to pay it. */
export interface CurrencyMismatch {
  readonly price_currency: string;
  readonly wallet_currency: string;
}

export function currencyMismatch(
  { customer_id, job_type_id }: { readonly customer_id: string; readonly job_type_id: string },
  { price_currency, wallet_currency }: CurrencyMismatch,
): PlatformError {
  return new PlatformError(
    "currency_mismatch",
    `The price of this job type is in ${price_currency} and the wallet is in ${wallet_currency}. Submit a job type with a price in ${wallet_currency}, or have a price set for this customer: PUT /job-types/${job_type_id}/prices/${customer_id}.`,
    {
      members: { price_currency, wallet_currency },
      errors: [{ pointer: "/job_type_id", message: `has no price in ${wallet_currency}` }],
    },
  );
}

/** What a wallet has, as far as it decides what may be held. */
interface Funds {
  readonly current_balance_cents: number;
  readonly pending_charges_cents: number;
  readonly credit_limit_cents: number;
}

/** What is available of `funds`; below zero when they do not cover what is held. */
function availableCents({ current_balance_cents, pending_charges_cents, credit_limit_cents }: Funds): number {
  return current_balance_cents + credit_limit_cents - pending_charges_cents;
}

/** 402 with the amounts that tell a customer how much to top up. */
export function insufficientFunds(required_cents: number, funds: Funds): PlatformError {
  const available_cents = availableCents(funds);
  return new PlatformError(
    "insufficient_funds",
    `This needs ${required_cents} cents and ${available_cents} cents are available (${funds.pending_charges_cents} cents are held for open jobs). Top up and send it again.`,
    { members: { required_cents, ...funds, available_cents } },
  );
}

/** 402 for somebody who takes money away by hand: topping up is no way out. */
export function cannotTakeAway(required_cents: number, funds: Funds): PlatformError {
  const available_cents = availableCents(funds);
  const most = Math.max(0, available_cents);
  return new PlatformError(
    "insufficient_funds",
    `This takes ${required_cents} cents away and ${available_cents} cents are available (${funds.pending_charges_cents} cents are held for open jobs). Take ${most} cents at the most, or cancel open jobs first.`,
    { members: { required_cents, ...funds, available_cents } },
  );
}

/** A change of a wallet that would leave it with less than it holds for open jobs. */
export function holdsNotCovered(funds: Funds): PlatformError {
  const available_cents = availableCents(funds);
  return new PlatformError(
    "insufficient_funds",
    `The wallet would be ${-available_cents} cents short of what it owes and holds for open jobs. Top up first.`,
    { members: { required_cents: 0, ...funds, available_cents } },
  );
}

export function spendLimitReached(
  required_cents: number,
  month: {
    readonly monthly_spend_limit_cents: number;
    readonly month_spent_cents: number;
    readonly pending_charges_cents: number;
  },
): PlatformError {
  const { monthly_spend_limit_cents, month_spent_cents, pending_charges_cents } = month;
  return new PlatformError(
    "spend_limit_reached",
    `This costs ${required_cents} cents; of the month's limit of ${monthly_spend_limit_cents}, ${month_spent_cents} are spent and ${pending_charges_cents} held for open jobs. Raise the limit, or wait for the next month.`,
    { members: { required_cents, ...month } },
  );
}

/** 429 with how many jobs wait. Nobody knows when one of them starts: the client asks again in a while. */
export function queueFull(figures: {
  readonly waiting_jobs: number;
  readonly waiting_limit: number;
}): PlatformError {
  const { waiting_jobs, waiting_limit } = figures;
  return new PlatformError(
    "queue_full",
    `${waiting_jobs} jobs of this customer wait, and ${waiting_limit} may. Send it again when some of them have started, or cancel some.`,
    { members: { waiting_jobs, waiting_limit }, retry_after_seconds: QUEUE_FULL_RETRY_SECONDS },
  );
}

export function walletFrozen(): PlatformError {
  return new PlatformError(
    "wallet_frozen",
    "The wallet is frozen: it takes no new jobs until it is unfrozen.",
  );
}

export function idempotencyKeyReused(): PlatformError {
  return new PlatformError(
    "idempotency_key_reused",
    "This Idempotency-Key was sent with another request. Use a new key for a new request.",
  );
}

export function madeJobIsGone(): PlatformError {
  return new PlatformError(
    "job_gone",
    "The job that this Idempotency-Key created was deleted because it was too old. Use a new key for a new job.",
  );
}
