-- Customers take turns by what they have running and by their weight, in every mode. Runners claim only what
-- they serve.

ALTER TABLE customers
  -- Its share of the slots, compared with other customers that wait.
  ADD COLUMN weight smallint NOT NULL DEFAULT 1 CHECK (weight BETWEEN 1 AND 1000),
  -- How many of its jobs may run at the same time. Null: as many as there are slots.
  ADD COLUMN running_limit integer CHECK (running_limit BETWEEN 1 AND 1000000);
ALTER TABLE job_types
  -- How many of its jobs may run at the same time. Null: as many as there are slots.
  ADD COLUMN running_limit integer CHECK (running_limit BETWEEN 1 AND 1000000);

-- Serve every claim: whether there are any limits. Usually there are none.
CREATE INDEX customers_limited ON customers (id) WHERE running_limit IS NOT NULL;
CREATE INDEX job_types_limited ON job_types (id) WHERE running_limit IS NOT NULL;

-- What a runner serves. Null: everything, which is also what a runner of an older release says.
ALTER TABLE runners
  ADD COLUMN processor_ids text[],
  ADD COLUMN restricted_to text[],      -- names or ids of job types
  ADD COLUMN priorities    smallint[];

-- Of lost_runners, those that ran nothing else at that moment. Only these speak against the job.
ALTER TABLE jobs ADD COLUMN lost_alone smallint NOT NULL DEFAULT 0;
-- A job that has lost a runner runs apart from others.
ALTER TYPE claimed_job ADD ATTRIBUTE lost_runners smallint;

ALTER TABLE job_queue ADD COLUMN job_type_id uuid;
UPDATE job_queue q SET job_type_id = j.job_type_id FROM jobs j WHERE j.id = q.job_id;
ALTER TABLE job_schedule ADD COLUMN job_type_id uuid;
UPDATE job_schedule s SET job_type_id = j.job_type_id FROM jobs j WHERE j.id = s.job_id;
ALTER TABLE job_queue ALTER COLUMN job_type_id SET NOT NULL;
ALTER TABLE job_schedule ALTER COLUMN job_type_id SET NOT NULL;

DROP INDEX job_queue_backlog;
-- Serves the turns: hops from lane to lane (the jobs of one customer and one type), oldest job first within
-- each.
CREATE INDEX job_queue_turns ON job_queue (priority, customer_id, job_type_id, job_id);

-- One row for each job that was lost with its runner twice or more. It waits for a runner that runs nothing
-- else.
CREATE TABLE job_alone (
  job_id       uuid PRIMARY KEY,
  priority     smallint NOT NULL,
  customer_id  uuid NOT NULL,
  job_type_id  uuid NOT NULL,
  lost_runners smallint NOT NULL,
  waits_since  timestamptz NOT NULL DEFAULT now()
);
