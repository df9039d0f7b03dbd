-- How many jobs of a customer may wait. Null: any number.
ALTER TABLE customers
  ADD COLUMN waiting_limit integer CHECK (waiting_limit BETWEEN 1 AND 1000000);

-- Serve the count of what waits of a customer that has such a limit.
CREATE INDEX job_schedule_by_customer ON job_schedule (customer_id);
CREATE INDEX job_parked_by_customer ON job_parked (customer_id);

-- Of a customer with a limit: waiting_limit always, waiting_jobs when a job is refused because of it.
ALTER TYPE submitted_job
  ADD ATTRIBUTE waiting_limit integer,
  ADD ATTRIBUTE waiting_jobs bigint;
