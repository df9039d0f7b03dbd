-- Does: moves up to p_limit jobs that have come due from job_schedule to the backlog. Returns how many.
-- Locks, in order: rows of job_schedule (SKIP LOCKED).
-- Returns: bigint
-- Raises: nothing.
-- Called by: src/postgres/repositories/waiting-jobs.ts.
--
-- now() where an index is to be used: clock_timestamp() is volatile, and no index takes it. The SET list
-- leaves only the intended index, whatever the statistics say.

CREATE OR REPLACE FUNCTION promote_due_jobs(p_limit int)
RETURNS bigint
LANGUAGE plpgsql
SET enable_seqscan = off
SET enable_sort = off
SET enable_bitmapscan = off
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  v_due uuid[] := array(
    SELECT s.job_id
      FROM job_schedule s
     WHERE s.run_at <= now()
     ORDER BY s.run_at
     LIMIT p_limit
       FOR UPDATE SKIP LOCKED
  );
BEGIN
  IF v_due = '{}' THEN
    RETURN 0;
  END IF;
  WITH gone AS (
    DELETE FROM job_schedule s
     WHERE s.job_id = ANY (v_due)
    RETURNING s.priority, s.job_id, s.customer_id, s.job_type_id
  )
  INSERT INTO job_queue (priority, job_id, customer_id, job_type_id)
  SELECT gone.priority, gone.job_id, gone.customer_id, gone.job_type_id FROM gone;
  RETURN cardinality(v_due);
END $$;
