CREATE TABLE wallets (
  id                    uuid PRIMARY KEY,
  customer_id           uuid NOT NULL UNIQUE REFERENCES customers,
  current_balance_cents bigint NOT NULL DEFAULT 0,
  -- The sum of the holds of this customer's open jobs. The job row is the hold.
  pending_charges_cents bigint NOT NULL DEFAULT 0 CHECK (pending_charges_cents >= 0),
  currency              text NOT NULL DEFAULT 'EUR' CHECK (currency ~ '^[A-Z]{3}$'),
  -- How far below zero the balance may be spent.
  credit_limit_cents    bigint NOT NULL DEFAULT 0 CHECK (credit_limit_cents BETWEEN 0 AND 1000000000000),
  -- A balance that falls below it is told once, in the outbox; a balance back above it arms it again.
  low_balance_cents     bigint CHECK (low_balance_cents BETWEEN -1000000000000 AND 1000000000000),
  -- Charges of a calendar month (UTC) and open holds together may not go beyond it.
  monthly_spend_limit_cents bigint CHECK (monthly_spend_limit_cents BETWEEN 0 AND 1000000000000),
  -- What was charged in spend_month. Of an earlier month: nothing was charged in this one yet.
  spend_month           date NOT NULL DEFAULT date_trunc('month', now() AT TIME ZONE 'UTC')::date,
  month_spent_cents     bigint NOT NULL DEFAULT 0 CHECK (month_spent_cents >= 0),
  -- Set: no new holds. What has happened stays recordable, even below zero.
  frozen_at             timestamptz,
  -- The seq of the newest entry: gapless without a sequence, because it moves under the row's lock.
  last_entry_seq        bigint NOT NULL DEFAULT 0,
  created_at            timestamptz NOT NULL DEFAULT now(),
  -- Never goes back: entries take their created_at from it, so that a wallet's entries are in the order of time too.
  updated_at            timestamptz NOT NULL DEFAULT now(),
  -- Overspending is impossible, whoever writes.
  CONSTRAINT wallets_not_overspent CHECK (frozen_at IS NOT NULL OR current_balance_cents + credit_limit_cents >= pending_charges_cents),
  -- So that balance, credit limit and holds together stay within 2^53 - 1: what JSON readers take without rounding.
  CONSTRAINT wallets_balance_limit CHECK (current_balance_cents BETWEEN -9000000000000000 AND 9000000000000000)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);  -- the hottest rows: half a page free keeps their updates on it (HOT)

CREATE TRIGGER wallets_stay BEFORE DELETE OR TRUNCATE ON wallets FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();

CREATE TYPE entry_kind AS ENUM ('top_up', 'charge', 'refund', 'adjustment', 'grant', 'chargeback');

-- Every movement of current_balance_cents, once. No foreign keys: wallets cannot go (trigger above) and finished jobs may be pruned.
CREATE TABLE wallet_entries (
  wallet_id           uuid NOT NULL,
  seq                 bigint NOT NULL CHECK (seq > 0),
  kind                entry_kind NOT NULL,
  amount_cents        bigint NOT NULL CHECK (amount_cents <> 0),
  balance_after_cents bigint NOT NULL CHECK (balance_after_cents BETWEEN -9000000000000000 AND 9000000000000000),
  job_id              uuid,
  reference           text CHECK (length(reference) BETWEEN 1 AND 200),
  reason              text CHECK (length(reason) BETWEEN 1 AND 500),
  -- Who moved the money; null: the platform itself, when a job succeeded.
  actor               text CHECK (length(actor) BETWEEN 1 AND 200),
  -- Not before the entry before it: a point in time is found by bisecting seq, without an index of its own.
  created_at          timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- Serves a wallet's entries, newest first, and the audit's running balance.
  PRIMARY KEY (wallet_id, seq),
  CONSTRAINT wallet_entries_sign CHECK (
    CASE kind WHEN 'adjustment' THEN true WHEN 'charge' THEN amount_cents < 0 WHEN 'chargeback' THEN amount_cents < 0 ELSE amount_cents > 0 END),
  CONSTRAINT wallet_entries_name_their_job CHECK ((kind IN ('charge', 'refund')) = (job_id IS NOT NULL)),
  CONSTRAINT wallet_entries_name_their_actor CHECK (kind = 'charge' OR actor IS NOT NULL),
  CONSTRAINT wallet_entries_adjustment_has_reason CHECK (kind <> 'adjustment' OR reason IS NOT NULL)
);
-- No job is charged twice. Also serves the audit, the charge check and refunds.
CREATE UNIQUE INDEX wallet_entries_one_charge ON wallet_entries (job_id) WHERE kind = 'charge';
-- Serves refunds: what was given back of a job already.
CREATE INDEX wallet_entries_refunds ON wallet_entries (job_id) WHERE kind = 'refund';
-- No reference moves money twice. Serves the replay of a top-up.
CREATE UNIQUE INDEX wallet_entries_one_reference ON wallet_entries (wallet_id, reference) WHERE reference IS NOT NULL;

CREATE TRIGGER wallet_entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON wallet_entries
  FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();  -- per statement: an INSERT pays nothing
-- The trigger stops whoever may write; this stops whoever may not even try. Of the owner too, who would have to give it back to itself first.
REVOKE UPDATE, DELETE, TRUNCATE ON wallet_entries FROM PUBLIC, CURRENT_USER;

-- The ledger as double entry: each movement is a wallet's leg and the leg of what stands across. Derived, so that there is no platform account to lock.
CREATE VIEW journal AS
SELECT e.wallet_id, e.seq, leg.account, w.currency, leg.amount_cents, e.kind, e.job_id, e.created_at
  FROM wallet_entries e JOIN wallets w ON w.id = e.wallet_id
 CROSS JOIN LATERAL (VALUES
   ('wallet:' || e.wallet_id, e.amount_cents),
   (CASE e.kind WHEN 'top_up' THEN 'cash' WHEN 'chargeback' THEN 'cash' WHEN 'charge' THEN 'revenue' WHEN 'refund' THEN 'revenue'
                WHEN 'grant' THEN 'promotion' WHEN 'adjustment' THEN 'adjustment' END, -e.amount_cents)) leg (account, amount_cents);

-- What others are to be told, written in the transaction that made it true. Whoever has told it deletes it; upkeep forgets what is old.
CREATE TABLE outbox (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind        text NOT NULL CHECK (kind IN ('low_balance')),
  customer_id uuid NOT NULL,
  payload     jsonb NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT now()
);
