-- Does: counts, by priority, the jobs that were stamped as pushed longer than p_older ago. Where there are
--   some, unstamp_lost_jobs is worth reading the ready list.
-- Locks, in order: nothing.
-- Returns: priority, stamped
-- Raises: nothing.
-- Called by: src/postgres/repositories/waiting-jobs.ts.

CREATE OR REPLACE FUNCTION count_stamped_jobs(p_older interval)
RETURNS TABLE (
  priority smallint,
  stamped  bigint
)
LANGUAGE plpgsql
SET enable_seqscan = off  -- why these two: submit_jobs.sql
SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
  RETURN QUERY
  SELECT
    p.priority,
    (
      SELECT count(*) FROM job_queue q WHERE q.priority = p.priority AND q.enqueued_at < now() - p_older
    )
    FROM unnest('{0,1,2}'::smallint[]) p (priority);
END $$;
