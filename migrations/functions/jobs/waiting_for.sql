-- Does: tells what a pending job waits for, the first that applies: run_at (it is scheduled, or backs off),
--   resume (the queue or its type is paused), runner (no living runner that takes jobs serves it), limit (its
--   customer or type has as many running jobs as it may), idle_runner (it runs alone), slot (its turn). Null:
--   it is not pending.
-- Locks, in order: nothing.
-- Returns: text
-- Raises: nothing.
-- Called by: src/postgres/hot/stored-jobs.ts, in queries.

CREATE OR REPLACE FUNCTION waiting_for(j jobs)
RETURNS text
LANGUAGE sql
STABLE
AS $$
  SELECT CASE
    WHEN j.status <> 'pending' THEN NULL
    WHEN j.run_at > now() THEN 'run_at'
    WHEN EXISTS (SELECT FROM queue_pause)
      OR EXISTS (SELECT FROM job_types t WHERE t.id = j.job_type_id AND t.paused_at IS NOT NULL)
    THEN 'resume'
    WHEN NOT EXISTS (
      SELECT
        FROM runners r
        JOIN job_types t ON t.id = j.job_type_id
       WHERE serves(r, t) AND r.draining_at IS NULL AND j.priority = ANY (coalesce(r.priorities, '{0,1,2}'))
    )
    THEN 'runner'
    WHEN EXISTS (
      SELECT FROM room_below_limits(ARRAY[j.customer_id, j.job_type_id]) b WHERE b.room <= 0
    )
    THEN 'limit'
    WHEN EXISTS (SELECT FROM job_alone a WHERE a.job_id = j.id) THEN 'idle_runner'
    ELSE 'slot'
  END
$$;
