INSERT INTO job_queue (priority, job_id, customer_id, job_type_id)
SELECT a.priority, a.job_id, a.customer_id, a.job_type_id FROM job_alone a;
DROP TABLE job_alone CASCADE;
DROP INDEX job_queue_turns;
CREATE INDEX job_queue_backlog ON job_queue (priority, customer_id, job_id) WHERE enqueued_at IS NULL;
ALTER TABLE job_schedule DROP COLUMN job_type_id CASCADE;
ALTER TABLE job_queue DROP COLUMN job_type_id CASCADE;
ALTER TYPE claimed_job DROP ATTRIBUTE lost_runners;
ALTER TABLE jobs DROP COLUMN lost_alone CASCADE;
ALTER TABLE runners
  DROP COLUMN processor_ids CASCADE,
  DROP COLUMN restricted_to CASCADE,
  DROP COLUMN priorities CASCADE;
ALTER TABLE job_types DROP COLUMN running_limit CASCADE;
ALTER TABLE customers DROP COLUMN running_limit CASCADE, DROP COLUMN weight CASCADE;
