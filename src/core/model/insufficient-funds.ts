import { PlatformError } from "../lib/errors.ts";

/** 402 with the amounts that tell a customer how much to top up. */
export function insufficientFunds(amounts: {
  readonly required_cents: number;
  readonly current_balance_cents: number;
  readonly pending_charges_cents: number;
  readonly credit_limit_cents: number;
}): PlatformError {
  const available_cents =
    amounts.current_balance_cents + amounts.credit_limit_cents - amounts.pending_charges_cents;
  return new PlatformError(
    "insufficient_funds",
    `This needs ${amounts.required_cents} cents and ${available_cents} are available (${amounts.pending_charges_cents} are held for open jobs). Top up and send it again.`,
    { members: { ...amounts, available_cents } },
  );
}
