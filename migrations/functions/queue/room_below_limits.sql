-- Does: returns, of customers and job types that have a limit of running jobs, how many more may start.
-- Locks, in order: nothing.
-- Returns: subject, room
-- Raises: nothing.
-- Called by: pick_turns, must_run_dry, take_alone, waiting_for.
--
-- p_subjects null: all that have no room. Counts what runs by the leases, so it needs no counter that could
-- drift, and costs nothing while nobody has a limit.

CREATE OR REPLACE FUNCTION room_below_limits(p_subjects uuid[])
RETURNS TABLE (
  subject uuid,
  room    int
)
LANGUAGE plpgsql
SET enable_seqscan = off  -- why these two: submit_jobs.sql
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  v_leased uuid[];
BEGIN
  IF NOT EXISTS (SELECT FROM customers c WHERE c.running_limit IS NOT NULL)
    AND NOT EXISTS (SELECT FROM job_types t WHERE t.running_limit IS NOT NULL)
  THEN
    RETURN;
  END IF;
  v_leased := array(SELECT unnest(l.job_ids) FROM leases l);
  RETURN QUERY
  WITH running AS MATERIALIZED (
    SELECT j.customer_id, j.job_type_id, count(*) AS jobs
      FROM jobs j
     WHERE j.id = ANY (v_leased) AND j.status = 'running'
     GROUP BY 1, 2
  )
  SELECT c.id, (c.running_limit - coalesce(sum(r.jobs), 0))::int
    FROM customers c
    LEFT JOIN running r ON r.customer_id = c.id
   WHERE c.running_limit IS NOT NULL AND (p_subjects IS NULL OR c.id = ANY (p_subjects))
   GROUP BY c.id
  HAVING p_subjects IS NOT NULL OR coalesce(sum(r.jobs), 0) >= c.running_limit
  UNION ALL
  SELECT t.id, (t.running_limit - coalesce(sum(r.jobs), 0))::int
    FROM job_types t
    LEFT JOIN running r ON r.job_type_id = t.id
   WHERE t.running_limit IS NOT NULL AND (p_subjects IS NULL OR t.id = ANY (p_subjects))
   GROUP BY t.id
  HAVING p_subjects IS NOT NULL OR coalesce(sum(r.jobs), 0) >= t.running_limit;
END $$;
