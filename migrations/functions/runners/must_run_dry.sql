-- Does: tells whether a runner is to claim nothing until it runs nothing: a job of job_alone has waited for
--   p_after, and this is the first of the runners that serve it. So it starts although all are busy. A job
--   that may not start (paused, or at a limit) makes nobody wait.
-- Locks, in order: nothing.
-- Returns: boolean
-- Raises: nothing.
-- Called by: src/postgres/repositories/runners.ts.

CREATE OR REPLACE FUNCTION must_run_dry(p_runner uuid, p_after interval)
RETURNS boolean
LANGUAGE sql
STABLE
AS $$
  SELECT EXISTS (
    SELECT
      FROM job_alone a
      JOIN job_types t ON t.id = a.job_type_id
     WHERE a.waits_since < now() - p_after
       AND NOT EXISTS (SELECT FROM queue_pause)
       AND t.paused_at IS NULL
       AND NOT EXISTS (
             SELECT FROM room_below_limits(ARRAY[a.customer_id, a.job_type_id]) b WHERE b.room <= 0
           )
       AND p_runner = (
             SELECT r.id
               FROM runners r
              WHERE serves(r, t)
                AND r.draining_at IS NULL
                AND a.priority = ANY (coalesce(r.priorities, '{0,1,2}'))
              ORDER BY r.id
              LIMIT 1
           )
  )
$$;
