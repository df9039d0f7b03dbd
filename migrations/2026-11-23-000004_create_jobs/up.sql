CREATE TYPE job_status AS ENUM ('pending', 'running', 'succeeded', 'failed', 'cancelled');

-- No index on a column that changes after INSERT: claim and settle stay HOT updates, for which fillfactor 45 leaves the room
-- (100 % HOT, drain 1.2-1.5 x an index on status; it costs no space in churn, because dead rows would fill the same pages).
CREATE TABLE jobs (
  id                   uuid PRIMARY KEY,
  customer_id          uuid NOT NULL REFERENCES customers,
  job_type_id          uuid NOT NULL REFERENCES job_types,
  status               job_status NOT NULL DEFAULT 'pending',
  priority             smallint NOT NULL CHECK (priority BETWEEN 0 AND 2),
  input_data           jsonb NOT NULL,
  output_data          jsonb,
  -- Quoted at submission and held while the job is open: the row is the hold.
  estimated_cost_cents bigint NOT NULL CHECK (estimated_cost_cents >= 0),
  cost_cents           bigint,
  created_at           timestamptz NOT NULL DEFAULT now(),
  started_at           timestamptz,
  completed_at         timestamptz,
  run_at               timestamptz NOT NULL DEFAULT now(),
  attempt              integer NOT NULL DEFAULT 0,       -- the fencing token: +1 at every claim, never less
  max_attempts         smallint NOT NULL CHECK (max_attempts BETWEEN 1 AND 100),
  excused_attempts     smallint NOT NULL DEFAULT 0 CHECK (excused_attempts BETWEEN 0 AND attempt),  -- given back at a shutdown or lost with a runner
  lost_runners         smallint NOT NULL DEFAULT 0,      -- runners that died with it: a poison job must not eat the fleet
  error                jsonb,
  errors               jsonb,
  retry_of             uuid,
  runner_id            uuid,
  CONSTRAINT jobs_cost_within_hold CHECK (cost_cents BETWEEN 0 AND estimated_cost_cents),
  CONSTRAINT jobs_only_success_costs CHECK ((status = 'succeeded') = (cost_cents IS NOT NULL)),
  CONSTRAINT jobs_ended_has_time CHECK ((status IN ('succeeded', 'failed', 'cancelled')) = (completed_at IS NOT NULL)),
  CONSTRAINT jobs_running_has_runner CHECK (status <> 'running' OR (runner_id IS NOT NULL AND started_at IS NOT NULL AND attempt > 0))
) WITH (fillfactor = 45, autovacuum_vacuum_insert_scale_factor = 0.1);
-- Serves a customer's jobs, newest first, by keyset. Both columns never change.
CREATE INDEX jobs_by_customer ON jobs (customer_id, id);

-- What was taken out of jobs when it was old, a row a customer: their charges stay in the ledger for ever, and the audit must know which of them have no job any more.
CREATE TABLE pruned_jobs (
  customer_id   uuid PRIMARY KEY,
  jobs          bigint NOT NULL,
  charged_jobs  bigint NOT NULL,
  charged_cents bigint NOT NULL
) WITH (fillfactor = 50);

-- One row a job that waits to run now. Small whatever the history is.
CREATE TABLE job_queue (
  priority    smallint NOT NULL,
  job_id      uuid NOT NULL,
  customer_id uuid NOT NULL,
  enqueued_at timestamptz,  -- null: not in the ready queue (backlog); set at INSERT when the submitter will push
  -- Since when it waits at this priority: ageing moves it up, and starts anew.
  waits_since timestamptz NOT NULL DEFAULT now(),
  -- Serves the claim by id, and the claim in order when there is no Redis.
  PRIMARY KEY (priority, job_id)
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0);
-- Serves refill: hops from customer to customer, oldest first within each.
CREATE INDEX job_queue_backlog ON job_queue (priority, customer_id, job_id) WHERE enqueued_at IS NULL;

-- Serves refill: what was stamped, oldest first; as small as the window of the ready queue.
CREATE INDEX job_queue_stamped ON job_queue (priority, enqueued_at) WHERE enqueued_at IS NOT NULL;

-- One row a job of a paused type that a claim has met: out of the way until the type is resumed.
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

-- One row a job that waits for a later run_at: scheduled, or backing off between attempts.
CREATE TABLE job_schedule (
  job_id      uuid PRIMARY KEY,
  priority    smallint NOT NULL,
  customer_id uuid NOT NULL,
  run_at      timestamptz NOT NULL
);
-- Serves the promotion of what has come due.
CREATE INDEX job_schedule_due ON job_schedule (run_at);

-- One row a living runner. A heartbeat a second keeps it; who has none for a lease loses the row, and with it every right to claim.
CREATE TABLE runners (
  id           uuid PRIMARY KEY,
  host         text NOT NULL,
  version      text NOT NULL,
  slots        integer NOT NULL CHECK (slots > 0),
  started_at   timestamptz NOT NULL DEFAULT now(),
  heartbeat_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50);

-- What a runner is still to be told: attempts of its that were cancelled. Its next heartbeat takes them.
CREATE TABLE cancellations (
  runner_id uuid NOT NULL,
  job_id    uuid NOT NULL,
  PRIMARY KEY (runner_id, job_id)
);

-- One row a claimed batch: finds a runner's jobs without an index on jobs (a lease a job: 0 % HOT, +50 % WAL).
CREATE TABLE leases (
  id         uuid PRIMARY KEY,
  runner_id  uuid NOT NULL,
  claimed_at timestamptz NOT NULL DEFAULT now(),
  job_ids    uuid[] NOT NULL
);
-- Serves the rescue: the leases of a runner that is gone.
CREATE INDEX leases_by_runner ON leases (runner_id);

-- A charge stands for a job of the wallet's customer that succeeded at that cost, and refunds for no more than its charge, whoever writes. One look-up a statement, after it.
CREATE FUNCTION check_entries() RETURNS trigger LANGUAGE plpgsql
SET enable_seqscan = off SET enable_nestloop = off SET enable_mergejoin = off AS $$
DECLARE
  v_charged  uuid[] := array(SELECT n.job_id FROM new_entries n WHERE n.kind = 'charge');
  v_wallets  uuid[] := array(SELECT DISTINCT n.wallet_id FROM new_entries n WHERE n.kind = 'charge');
  v_refunded uuid[] := array(SELECT DISTINCT n.job_id FROM new_entries n WHERE n.kind = 'refund');
BEGIN
  IF v_charged <> '{}' AND EXISTS (
    SELECT FROM new_entries n LEFT JOIN jobs j ON j.id = ANY (v_charged) AND j.id = n.job_id LEFT JOIN wallets w ON w.id = ANY (v_wallets) AND w.id = n.wallet_id
     WHERE n.kind = 'charge' AND (j.status IS DISTINCT FROM 'succeeded' OR j.cost_cents IS DISTINCT FROM -n.amount_cents OR w.customer_id IS DISTINCT FROM j.customer_id))
  THEN
    RAISE EXCEPTION 'a charge without a job of that customer that succeeded at that cost' USING ERRCODE = 'check_violation', CONSTRAINT = 'wallet_entries_charge_needs_success';
  END IF;
  IF v_refunded <> '{}' AND EXISTS (
    SELECT FROM (SELECT e.job_id, e.wallet_id, sum(e.amount_cents) AS cents FROM wallet_entries e
                  WHERE e.kind = 'refund' AND e.job_id = ANY (v_refunded) GROUP BY 1, 2) r
      LEFT JOIN wallet_entries c ON c.kind = 'charge' AND c.job_id = ANY (v_refunded) AND c.job_id = r.job_id AND c.wallet_id = r.wallet_id
     WHERE c.job_id IS NULL OR r.cents > -c.amount_cents)
  THEN
    RAISE EXCEPTION 'refunds of more than was charged' USING ERRCODE = 'check_violation', CONSTRAINT = 'wallet_entries_refund_within_charge';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER wallet_entries_checked AFTER INSERT ON wallet_entries
  REFERENCING NEW TABLE AS new_entries FOR EACH STATEMENT EXECUTE FUNCTION check_entries();
