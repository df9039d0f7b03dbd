CREATE TABLE wallets (
  id                    uuid PRIMARY KEY,
  customer_id           uuid NOT NULL UNIQUE REFERENCES customers,
  current_balance_cents bigint NOT NULL DEFAULT 0,
  -- The sum of the holds of this customer's open jobs. The job row is the hold.
  pending_charges_cents bigint NOT NULL DEFAULT 0 CHECK (pending_charges_cents >= 0),
  currency              text NOT NULL DEFAULT 'EUR' CHECK (currency ~ '^[A-Z]{3}$'),
  -- The seq of the newest entry: gapless without a sequence, because it moves under the row's lock.
  last_entry_seq        bigint NOT NULL DEFAULT 0,
  created_at            timestamptz NOT NULL DEFAULT now(),
  updated_at            timestamptz NOT NULL DEFAULT now(),
  -- Overspending is impossible, whoever writes.
  CONSTRAINT wallets_not_overspent CHECK (current_balance_cents >= pending_charges_cents),
  -- 2^53 - 1: what JSON readers take without rounding.
  CONSTRAINT wallets_balance_limit CHECK (current_balance_cents <= 9007199254740991)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);  -- the hottest rows: half a page free keeps their updates on it (HOT)

CREATE TRIGGER wallets_stay BEFORE DELETE OR TRUNCATE ON wallets FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();

CREATE TYPE entry_kind AS ENUM ('top_up', 'charge', 'refund', 'adjustment', 'grant', 'chargeback');

-- Every movement of current_balance_cents, once. No foreign keys: wallets cannot go (trigger above) and finished jobs may be pruned.
CREATE TABLE wallet_entries (
  wallet_id           uuid NOT NULL,
  seq                 bigint NOT NULL CHECK (seq > 0),
  kind                entry_kind NOT NULL,
  amount_cents        bigint NOT NULL CHECK (amount_cents <> 0),
  balance_after_cents bigint NOT NULL CHECK (balance_after_cents >= 0),
  job_id              uuid,
  reference           text CHECK (length(reference) BETWEEN 1 AND 200),
  reason              text CHECK (length(reason) BETWEEN 1 AND 500),
  created_at          timestamptz NOT NULL DEFAULT now(),
  -- Serves a wallet's entries, newest first, and the audit's running balance.
  PRIMARY KEY (wallet_id, seq),
  CONSTRAINT wallet_entries_sign CHECK (
    CASE kind WHEN 'adjustment' THEN true WHEN 'charge' THEN amount_cents < 0 WHEN 'chargeback' THEN amount_cents < 0 ELSE amount_cents > 0 END),
  CONSTRAINT wallet_entries_charge_names_job CHECK (kind <> 'charge' OR job_id IS NOT NULL)
);
-- No job is charged twice. Also serves the audit and the charge check.
CREATE UNIQUE INDEX wallet_entries_one_charge ON wallet_entries (job_id) WHERE kind = 'charge';
-- No reference moves money twice. Serves the replay of a top-up.
CREATE UNIQUE INDEX wallet_entries_one_reference ON wallet_entries (wallet_id, reference) WHERE reference IS NOT NULL;

CREATE TRIGGER wallet_entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON wallet_entries
  FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();  -- per statement: an INSERT pays nothing
