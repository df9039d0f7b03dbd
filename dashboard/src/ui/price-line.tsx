import type { JSX } from "preact";
import type { Api } from "../api-types.gen.ts";
import { money } from "../lib/money.ts";
import type { Problem } from "../lib/problem.ts";
import { duration } from "../lib/time.ts";

interface PriceLineProps {
  readonly isAsked: boolean;
  readonly needsCustomer: boolean;
  readonly estimate: { readonly price?: Api["JobEstimate"]; readonly problem?: Problem };
}

/** What it will cost at most, and whether the wallet can pay for it: an unknown price is unknown, not zero. */
export function PriceLine({ isAsked, needsCustomer, estimate }: PriceLineProps): JSX.Element {
  return (
    <div role="status" class="price">
      {sentence(isAsked, needsCustomer, estimate)}
    </div>
  );
}

const REFUSALS = {
  wallet_frozen: "The wallet is frozen.",
  insufficient_funds: "The wallet has too little available.",
  spend_limit_reached: "The spend limit of this month does not allow it.",
} as const;

function sentence(
  isAsked: boolean,
  needsCustomer: boolean,
  { price, problem }: PriceLineProps["estimate"],
): JSX.Element {
  if (needsCustomer) return <p class="quiet">Choose who pays, and the price is here.</p>;
  if (!isAsked) return <p class="quiet">The price is here when the input is complete.</p>;
  if (problem) return <p class="quiet">{problem.message}</p>;
  if (!price) return <p class="quiet">Asking for the price …</p>;
  const starts =
    price.expected_wait_seconds === null
      ? "When it starts is not known."
      : `It starts in about ${duration(price.expected_wait_seconds * 1_000)}.`;
  return (
    <>
      <p>
        <strong>{money(price.estimated_cost_cents, price.currency)}</strong> will be held. It is charged if
        the job succeeds, never more.
      </p>
      <p class="quiet">
        Available now: {money(price.available_cents, price.currency)}. {starts}
      </p>
      {price.refusal ? <p class="wrong">{REFUSALS[price.refusal]}</p> : null}
    </>
  );
}
