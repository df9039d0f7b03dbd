-- Does: takes jobs out of job_queue for a runner, those of p_ids that it serves and that have no limit. The
--   ids are hints: unknown, taken or locked ones are left out.
-- Locks, in order: rows of job_queue by id (SKIP LOCKED, so nobody waits).
-- Returns: uuid[]
-- Raises: nothing.
-- Called by: claim_jobs, claim_next.
--
-- The row of job_queue decides: whoever deletes it has the job.

CREATE OR REPLACE FUNCTION take_jobs(p_ids uuid[], p_runner uuid)
RETURNS uuid[]
LANGUAGE plpgsql
SET enable_seqscan = off  -- why these four: submit_jobs.sql
SET enable_nestloop = off
SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  v_ids     uuid[];
  v_types   uuid[];
  v_foreign uuid[];
  v_runner  runners;
BEGIN
  SELECT array_agg(q.job_id ORDER BY q.job_id), array_agg(DISTINCT q.job_type_id)
    INTO v_ids, v_types
    FROM (
      SELECT q.job_id, q.job_type_id
        FROM job_queue q
       WHERE q.priority = ANY ('{0,1,2}'::smallint[]) AND q.job_id = ANY (p_ids)
       ORDER BY q.job_id
         FOR UPDATE SKIP LOCKED
    ) q;
  IF v_ids IS NULL THEN
    RETURN '{}';
  END IF;
  SELECT * INTO v_runner FROM runners r WHERE r.id = p_runner;
  v_foreign := array(
    SELECT t.id
      FROM job_types t
     WHERE t.id = ANY (v_types) AND (t.running_limit IS NOT NULL OR NOT serves(v_runner, t))
  );
  IF v_foreign <> '{}'
    OR v_runner.priorities IS NOT NULL
    OR EXISTS (SELECT FROM customers c WHERE c.running_limit IS NOT NULL)
  THEN
    v_ids := array(
      SELECT q.job_id
        FROM job_queue q
       WHERE q.priority = ANY (coalesce(v_runner.priorities, '{0,1,2}'))
         AND q.job_id = ANY (v_ids)
         AND q.job_type_id <> ALL (v_foreign)
         AND q.customer_id <> ALL (
           array(SELECT c.id FROM customers c WHERE c.running_limit IS NOT NULL)
         )
       ORDER BY q.job_id
    );
  END IF;
  DELETE FROM job_queue q WHERE q.priority = ANY ('{0,1,2}'::smallint[]) AND q.job_id = ANY (v_ids);
  RETURN v_ids;
END $$;
