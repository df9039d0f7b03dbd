CREATE TYPE entry_kind AS ENUM ('top_up', 'charge', 'refund', 'adjustment', 'grant', 'chargeback');

-- Every change of current_balance_cents, once. No foreign keys: a trigger keeps wallets from being deleted,
-- and retention may delete finished jobs.
CREATE TABLE wallet_entries (
  wallet_id           uuid NOT NULL,
  seq                 bigint NOT NULL CHECK (seq > 0),
  kind                entry_kind NOT NULL,
  amount_cents        bigint NOT NULL CHECK (amount_cents <> 0),
  balance_after_cents bigint NOT NULL
    CHECK (balance_after_cents BETWEEN -9000000000000000 AND 9000000000000000),
  job_id              uuid,
  reference           text CHECK (length(reference) BETWEEN 1 AND 200),
  reason              text CHECK (length(reason) BETWEEN 1 AND 500),
  -- Who moved the money. Null: the platform itself, when a job succeeded.
  actor               text CHECK (length(actor) BETWEEN 1 AND 200),
  -- Never before the entry before it. So a point in time is found by bisecting seq, without an index of its
  -- own.
  created_at          timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- Serves a wallet's entries, newest first, and the audit's running balance.
  PRIMARY KEY (wallet_id, seq),
  CONSTRAINT wallet_entries_sign CHECK (
    CASE kind
      WHEN 'adjustment' THEN true
      WHEN 'charge' THEN amount_cents < 0
      WHEN 'chargeback' THEN amount_cents < 0
      ELSE amount_cents > 0
    END
  ),
  CONSTRAINT wallet_entries_name_their_job
    CHECK ((kind IN ('charge', 'refund')) = (job_id IS NOT NULL)),
  CONSTRAINT wallet_entries_name_their_actor
    CHECK (kind = 'charge' OR actor IS NOT NULL),
  CONSTRAINT wallet_entries_adjustment_has_reason
    CHECK (kind <> 'adjustment' OR reason IS NOT NULL)
);

-- No job is charged twice. Also serves the audit, the check of charges, and refunds.
CREATE UNIQUE INDEX wallet_entries_one_charge ON wallet_entries (job_id) WHERE kind = 'charge';
-- Serves refunds: what was refunded of a job before.
CREATE INDEX wallet_entries_refunds ON wallet_entries (job_id) WHERE kind = 'refund';
-- No reference moves money twice. Serves the replay of a top-up.
CREATE UNIQUE INDEX wallet_entries_one_reference
  ON wallet_entries (wallet_id, reference) WHERE reference IS NOT NULL;

-- A trigger stops those who may write. This stops the others, and the owner too, who would first have to
-- give the privilege back to itself.
REVOKE UPDATE, DELETE, TRUNCATE ON wallet_entries FROM PUBLIC, CURRENT_USER;

-- What others are to be told, written in the transaction that made it true. Whoever has told it deletes it,
-- and upkeep forgets what is old.
CREATE TABLE outbox (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind        text NOT NULL CHECK (kind IN ('low_balance')),
  customer_id uuid NOT NULL,
  payload     jsonb NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT now()
);

-- Tamper evidence, off the hot path: a hash chain for each wallet over its entries, a link a minute for
-- what was new. Whoever rewrites an entry past the triggers must rewrite every later link too, and cannot
-- rewrite a digest that somebody noted elsewhere (`iep audit --seals` prints it).
CREATE TABLE wallet_seals (
  wallet_id uuid NOT NULL,
  last_seq  bigint NOT NULL,
  first_seq bigint NOT NULL CHECK (first_seq BETWEEN 1 AND last_seq),
  -- sha256 of the link before and of the entries first_seq to last_seq.
  hash      bytea NOT NULL CHECK (length(hash) = 32),
  -- 1, 2, 3, ... over all wallets, without a gap, in the order of commits. So a digest of the first n links
  -- can be asked for again at any later time.
  link      bigint NOT NULL UNIQUE,
  sealed_at timestamptz NOT NULL DEFAULT now(),
  -- Serves the newest link of a wallet, and the walk along the chain.
  PRIMARY KEY (wallet_id, last_seq)
);

REVOKE UPDATE, DELETE, TRUNCATE ON wallet_seals FROM PUBLIC, CURRENT_USER;
