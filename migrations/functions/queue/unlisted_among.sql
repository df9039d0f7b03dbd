-- Does: returns those of p_types whose jobs do not go into the ready lists: somebody could pop them who may
--   not run them. They have a limit, or a living runner does not serve them. Runners take such jobs straight
--   from job_queue.
-- Locks, in order: nothing.
-- Returns: uuid
-- Raises: nothing.
-- Called by: submit_job, unlisted_types. The planner inlines it.

CREATE OR REPLACE FUNCTION unlisted_among(p_types uuid[])
RETURNS SETOF uuid
LANGUAGE sql
STABLE
AS $$
  SELECT t.id
    FROM job_types t
   WHERE t.id = ANY (p_types)
     AND (
       t.running_limit IS NOT NULL
       OR EXISTS (SELECT FROM runners r WHERE r.draining_at IS NULL AND NOT serves(r, t))
     )
$$;
