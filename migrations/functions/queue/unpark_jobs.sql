-- Does: moves up to p_limit parked jobs whose type is no longer paused to the backlog. Returns how many.
-- Locks, in order: rows of job_parked (SKIP LOCKED).
-- Returns: bigint
-- Raises: nothing.
-- Called by: src/postgres/repositories/waiting-jobs.ts.

CREATE OR REPLACE FUNCTION unpark_jobs(p_limit int)
RETURNS bigint
LANGUAGE plpgsql
AS $$
DECLARE
  v_ids uuid[] := array(
    SELECT k.job_id
      FROM job_parked k
      JOIN job_types t ON t.id = k.job_type_id
     WHERE t.paused_at IS NULL
     LIMIT p_limit
       FOR UPDATE OF k SKIP LOCKED
  );
BEGIN
  WITH gone AS (
    DELETE FROM job_parked k
     WHERE k.job_id = ANY (v_ids)
    RETURNING k.priority, k.job_id, k.customer_id, k.job_type_id
  )
  INSERT INTO job_queue (priority, job_id, customer_id, job_type_id)
  SELECT gone.priority, gone.job_id, gone.customer_id, gone.job_type_id FROM gone;
  RETURN cardinality(v_ids);
END $$;
