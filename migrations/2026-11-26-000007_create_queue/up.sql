-- One row for each job that waits to run now. Small, whatever the history is.
CREATE TABLE job_queue (
  priority    smallint NOT NULL,
  job_id      uuid NOT NULL,
  customer_id uuid NOT NULL,
  -- Null: in the backlog. Set (the row is stamped): the id was pushed to the ready lists, or its submitter
  -- will.
  enqueued_at timestamptz,
  -- Since when it waits at this priority. Ageing moves it up and starts anew.
  waits_since timestamptz NOT NULL DEFAULT now(),
  -- Serves the claim by id, and the claim in order where there is no Redis.
  PRIMARY KEY (priority, job_id)
) WITH (
  autovacuum_vacuum_scale_factor = 0.02,
  autovacuum_vacuum_threshold = 5000,
  autovacuum_vacuum_cost_delay = 0
);

-- Serves the turns: hops from customer to customer, oldest job first within each.
CREATE INDEX job_queue_backlog ON job_queue (priority, customer_id, job_id) WHERE enqueued_at IS NULL;
-- Serves refill: stamped rows, oldest first. As small as the window of the ready lists.
CREATE INDEX job_queue_stamped ON job_queue (priority, enqueued_at) WHERE enqueued_at IS NOT NULL;

-- One row for each job that waits for a later run_at: scheduled, or backing off between attempts.
CREATE TABLE job_schedule (
  job_id      uuid PRIMARY KEY,
  priority    smallint NOT NULL,
  customer_id uuid NOT NULL,
  run_at      timestamptz NOT NULL
);

-- Serves the promotion of what has come due.
CREATE INDEX job_schedule_due ON job_schedule (run_at);

-- One row for each job of a paused type that a claim has met: out of the way until the type is resumed.
CREATE TABLE job_parked (
  job_id      uuid PRIMARY KEY,
  priority    smallint NOT NULL,
  customer_id uuid NOT NULL,
  job_type_id uuid NOT NULL
);

-- Serves the return of a resumed type's jobs.
CREATE INDEX job_parked_by_type ON job_parked (job_type_id);

-- A row means that the whole queue is paused.
CREATE TABLE queue_pause (
  only_row  boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  paused_at timestamptz NOT NULL DEFAULT now()
);

-- One row for each living runner. A heartbeat a second keeps it. A runner that is silent for
-- RUNNER_LEASE_SECONDS loses its row, and with it every right to claim.
CREATE TABLE runners (
  id           uuid PRIMARY KEY,
  host         text NOT NULL,
  version      text NOT NULL,
  slots        integer NOT NULL CHECK (slots > 0),
  started_at   timestamptz NOT NULL DEFAULT now(),
  heartbeat_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50);

-- One row for each claimed batch. It finds a runner's jobs without an index on jobs. Measured: a lease for
-- each job would leave no HOT update and write half as much WAL again.
CREATE TABLE leases (
  id         uuid PRIMARY KEY,
  runner_id  uuid NOT NULL,
  claimed_at timestamptz NOT NULL DEFAULT now(),
  job_ids    uuid[] NOT NULL
);

-- Serves the rescue: the leases of a runner that is gone.
CREATE INDEX leases_by_runner ON leases (runner_id);

-- Cancelled attempts of which a runner has still to be told. Its next heartbeat takes them.
CREATE TABLE cancellations (
  runner_id uuid NOT NULL,
  job_id    uuid NOT NULL,
  PRIMARY KEY (runner_id, job_id)
);
