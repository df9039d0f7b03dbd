-- What standard_cost_cents is in: minor units of this currency (ISO 4217).
ALTER TABLE job_types
  ADD COLUMN currency text NOT NULL DEFAULT 'EUR' CHECK (currency ~ '^[A-Z]{3}$');

-- What cost_cents was in. Null where no price holds any more, and in rows of before, which never change.
ALTER TABLE price_history
  ADD COLUMN currency text;

-- Until now a price was the same number in every wallet. It is taken to be in the currency of most wallets.
UPDATE job_types
   SET currency = coalesce((
         SELECT w.currency FROM wallets w GROUP BY w.currency ORDER BY count(*) DESC, w.currency LIMIT 1
       ), 'EUR');

-- Both are set when a job is refused because its price is in another currency than the wallet.
ALTER TYPE submitted_job
  ADD ATTRIBUTE price_currency text,
  ADD ATTRIBUTE wallet_currency text;

-- Serves the search by e-mail address.
CREATE INDEX customers_by_email ON customers (lower(email));

-- The transaction that stored the job. A forward cursor reads whatever was stored below the oldest
-- transaction that still runs. 0: stored before there was this column.
ALTER TABLE jobs
  ADD COLUMN created_xid xid8 NOT NULL DEFAULT '0';
ALTER TABLE jobs
  ALTER COLUMN created_xid SET DEFAULT pg_current_xact_id();

-- Transactions that stored jobs under ids that were old already, with the oldest of these ids. There are few:
-- only an API host whose clock is late, or a long wait for the database, makes one. A forward cursor looks
-- here how far back in the order of ids it has to look.
CREATE TABLE late_ids (
  created_xid xid8 PRIMARY KEY,
  first_id    uuid NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT now()
);
