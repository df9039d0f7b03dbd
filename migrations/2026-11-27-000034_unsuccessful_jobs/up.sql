-- The jobs that failed or were cancelled, by status: an index beside jobs, which has none on a column that
-- changes. count_ended_jobs writes it, so neither settle nor cancel pays for it, and jobs that succeed never
-- do. prune_jobs deletes a row with its job.
CREATE TABLE unsuccessful_jobs (
  status      job_status NOT NULL,
  job_id      uuid NOT NULL,
  customer_id uuid NOT NULL,
  job_type_id uuid NOT NULL,
  -- Serves the list of all jobs of a status.
  PRIMARY KEY (status, job_id)
);

-- Serves the list of one customer's jobs of a status.
CREATE INDEX unsuccessful_jobs_by_customer ON unsuccessful_jobs (customer_id, status, job_id);

-- From here to the new body of count_ended_jobs, which is applied after this step, nothing may be counted:
-- it would be in neither place. So the old body goes, and an upkeep that calls it tries again.
SELECT pg_advisory_xact_lock(hashtext('count_ended_jobs'));
DROP FUNCTION IF EXISTS count_ended_jobs(int);

INSERT INTO unsuccessful_jobs (status, job_id, customer_id, job_type_id)
SELECT j.status, j.id, j.customer_id, j.job_type_id
  FROM jobs j
 WHERE j.status IN ('failed', 'cancelled')
   AND j.id NOT IN (SELECT i.id FROM ended_jobs e, unnest(e.job_ids) i (id));
