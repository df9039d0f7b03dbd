import type { JSX } from "preact";
import type { Api } from "../api-types.gen.ts";
import { Tile } from "./page.tsx";
import { Money, Time } from "./values.tsx";

/** The three figures of a wallet, and how the third follows from the others. */
export function WalletFigures({ wallet }: { readonly wallet: Api["Wallet"] }): JSX.Element {
  const { currency } = wallet;
  const limit = wallet.monthly_spend_limit_cents;
  return (
    <>
      {wallet.frozen_at ? (
        <p class="why">
          <strong>Frozen</strong> <Time time={wallet.frozen_at} />. The wallet pays for no new jobs.
        </p>
      ) : null}
      <div class="tiles">
        <Tile
          label="Balance"
          value={<Money cents={wallet.current_balance_cents} currency={currency} />}
          scope="settled: paid in, minus charged"
        />
        <Tile
          label="Held"
          value={<Money cents={wallet.pending_charges_cents} currency={currency} />}
          scope="for jobs that have not ended; not charged"
        />
        <Tile
          label="Available"
          value={<Money cents={wallet.available_cents} currency={currency} />}
          scope={
            wallet.credit_limit_cents > 0
              ? "balance plus credit minus held"
              : "balance minus held: for new jobs"
          }
        />
        <Tile
          label="Charged this month"
          value={<Money cents={wallet.month_spent_cents} currency={currency} />}
          scope={limit === null ? "UTC; no monthly limit" : "UTC; of the monthly limit below"}
        />
        {limit === null ? null : (
          <Tile
            label="Monthly limit"
            value={<Money cents={limit} currency={currency} />}
            scope="charges and holds"
          />
        )}
        {wallet.credit_limit_cents > 0 ? (
          <Tile
            label="Credit"
            value={<Money cents={wallet.credit_limit_cents} currency={currency} />}
            scope="jobs may take the balance this far below zero"
          />
        ) : null}
      </div>
    </>
  );
}
