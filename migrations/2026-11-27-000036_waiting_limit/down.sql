ALTER TYPE submitted_job
  DROP ATTRIBUTE waiting_limit,
  DROP ATTRIBUTE waiting_jobs;
DROP INDEX job_parked_by_customer;
DROP INDEX job_schedule_by_customer;
ALTER TABLE customers DROP COLUMN waiting_limit CASCADE;
