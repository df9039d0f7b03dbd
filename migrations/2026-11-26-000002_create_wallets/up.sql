CREATE TABLE wallets (
  id                        uuid PRIMARY KEY,
  customer_id               uuid NOT NULL UNIQUE REFERENCES customers,
  current_balance_cents     bigint NOT NULL DEFAULT 0,
  -- The sum of the holds of this customer's open jobs. The job row is the hold.
  pending_charges_cents     bigint NOT NULL DEFAULT 0 CHECK (pending_charges_cents >= 0),
  currency                  text NOT NULL DEFAULT 'EUR' CHECK (currency ~ '^[A-Z]{3}$'),
  -- How far below zero the balance may be spent.
  credit_limit_cents        bigint NOT NULL DEFAULT 0
    CHECK (credit_limit_cents BETWEEN 0 AND 1000000000000),
  -- The outbox tells once when the balance falls below it. A balance back above it arms it again.
  low_balance_cents         bigint
    CHECK (low_balance_cents BETWEEN -1000000000000 AND 1000000000000),
  -- Charges of a calendar month (UTC) and open holds together may not exceed it.
  monthly_spend_limit_cents bigint
    CHECK (monthly_spend_limit_cents BETWEEN 0 AND 1000000000000),
  -- The month of month_spent_cents. An earlier month means that nothing was charged in this one yet.
  spend_month               date NOT NULL DEFAULT date_trunc('month', now() AT TIME ZONE 'UTC')::date,
  month_spent_cents         bigint NOT NULL DEFAULT 0 CHECK (month_spent_cents >= 0),
  -- Set: no new holds. What has happened can still be recorded, even below zero.
  frozen_at                 timestamptz,
  -- The seq of the newest entry. It is gapless without a sequence, because it moves under the row's lock.
  last_entry_seq            bigint NOT NULL DEFAULT 0,
  created_at                timestamptz NOT NULL DEFAULT now(),
  -- Never goes back. Entries take their created_at from it, so they stand in the order of time too.
  updated_at                timestamptz NOT NULL DEFAULT now(),
  -- Overspending is impossible, whoever writes.
  CONSTRAINT wallets_not_overspent
    CHECK (frozen_at IS NOT NULL OR current_balance_cents + credit_limit_cents >= pending_charges_cents),
  -- Balance, credit limit and holds together stay within 2^53 - 1, which JSON readers take without rounding.
  CONSTRAINT wallets_balance_limit
    CHECK (current_balance_cents BETWEEN -9000000000000000 AND 9000000000000000)
) WITH (
  fillfactor = 50,  -- the hottest rows: half a page free keeps their updates on it (HOT)
  autovacuum_vacuum_scale_factor = 0.05
);
