-- When the customer was erased: its name, its address and its keys are gone from that moment on.
ALTER TABLE customers ADD COLUMN erased_at timestamptz;
-- Nobody comes back: neither by a change of the customer nor by a new key.
ALTER TABLE customers
  ADD CONSTRAINT customers_erased_stay CHECK (erased_at IS NULL OR (NOT active AND api_key IS NULL));

-- How far each erasure of a customer is. Upkeep does a batch of one at a time; the row moves on in the
-- transaction of each batch, so a crash loses nothing and repeats nothing. The rows stay.
CREATE TABLE erasures (
  customer_id         uuid PRIMARY KEY REFERENCES customers,
  -- Whether open jobs are cancelled. Otherwise the erasure waits for their end.
  cancels_jobs        boolean NOT NULL,
  -- Whether the balance that is left is given up. Otherwise the erasure waits for a balance of 0.
  forfeits            boolean NOT NULL,
  -- As in wallet_entries: who gives the balance up.
  actor               text NOT NULL CHECK (length(actor) BETWEEN 1 AND 200),
  requested_at        timestamptz NOT NULL DEFAULT clock_timestamp(),
  worked_at           timestamptz NOT NULL DEFAULT clock_timestamp(),
  ended_at            timestamptz,
  -- fence: older transactions may still store jobs. Then jobs, the log of operators, that of webhooks, and
  -- the rest.
  step                text NOT NULL DEFAULT 'fence'
    CHECK (step IN ('fence', 'jobs', 'actions', 'deliveries', 'rest', 'done')),
  waits_for           text CHECK (waits_for IN ('transactions', 'jobs', 'balance')),
  -- Transactions up to this one may have seen the customer as active.
  fence_xid           xid8,
  reached_job_id      uuid,
  reached_action_id   uuid,
  reached_delivery_id uuid,
  jobs_cancelled      bigint NOT NULL DEFAULT 0,
  jobs_erased         bigint NOT NULL DEFAULT 0,
  actions_erased      bigint NOT NULL DEFAULT 0,
  CONSTRAINT erasures_done_has_time CHECK ((step = 'done') = (ended_at IS NOT NULL))
) WITH (fillfactor = 50);

-- Serves upkeep: the erasure that has waited longest for its next batch.
CREATE INDEX erasures_open ON erasures (worked_at) WHERE ended_at IS NULL;

-- What an action of an operator shows of a customer can be erased, and nothing else of it can be changed:
-- only_erase_details checks each row.
GRANT UPDATE (before, after) ON operator_actions TO CURRENT_USER;

-- Actions of operators that are about to be done: stored before the change, and moved to operator_actions
-- when it was answered. What is left here is of a process that ended in between.
CREATE TABLE begun_actions (
  id            uuid PRIMARY KEY,
  begun_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
  operator_id   uuid,
  operator_name text NOT NULL CHECK (length(operator_name) BETWEEN 1 AND 200),
  action        text NOT NULL,
  target_type   text NOT NULL,
  target_id     text,
  before        jsonb,
  address       text NOT NULL,
  request_id    uuid NOT NULL
);
