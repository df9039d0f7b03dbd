import { known } from "../connection/decode.ts";

/** The amounts of a wallet that a function returns beside a refusal for lack of money. */
export function fundsOf(row: {
  readonly current_balance_cents: number | null;
  readonly pending_charges_cents: number | null;
  readonly credit_limit_cents: number | null;
}) {
  return {
    current_balance_cents: known(row.current_balance_cents, "current_balance_cents"),
    pending_charges_cents: known(row.pending_charges_cents, "pending_charges_cents"),
    credit_limit_cents: known(row.credit_limit_cents, "credit_limit_cents"),
  };
}
