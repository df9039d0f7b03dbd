-- Does: puts jobs back into the backlog that are stamped but whose ids are missing from the ready list: their
--   pusher died, Redis lost them, or a popper died before its claim. Returns how many.
-- Locks, in order: rows of job_queue (SKIP LOCKED).
-- Returns: bigint
-- Raises: nothing.
-- Called by: src/postgres/repositories/waiting-jobs.ts.
--
-- p_present: the ids in the ready list. p_older spares what is between stamp and push, or
-- between pop and claim.

CREATE OR REPLACE FUNCTION unstamp_lost_jobs(
  p_priority smallint,
  p_older    interval,
  p_present  uuid[]
)
RETURNS bigint
LANGUAGE plpgsql
SET enable_seqscan = off  -- why these four: submit_jobs.sql
SET enable_nestloop = off
SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  v_lost uuid[] := array(
    SELECT q.job_id
      FROM job_queue q
      LEFT JOIN unnest(p_present) p (id) ON p.id = q.job_id
     WHERE q.priority = p_priority AND q.enqueued_at < now() - p_older AND p.id IS NULL
       FOR UPDATE OF q SKIP LOCKED
  );
BEGIN
  UPDATE job_queue q SET enqueued_at = NULL WHERE q.priority = p_priority AND q.job_id = ANY (v_lost);
  RETURN cardinality(v_lost);
END $$;
