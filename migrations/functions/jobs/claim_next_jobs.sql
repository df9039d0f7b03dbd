-- Does: claims up to p_limit jobs without a ready queue: by priority, then by age (ids are UUIDv7).
-- Locks, in order: rows of job_queue in the order of the index (SKIP LOCKED), then as start_jobs.
-- Returns: id, customer_id, job_type_id, priority, input_data, estimated_cost_cents, attempt, max_attempts,
--   excused_attempts, lost_runners
-- Raises: runner_registered (no_data_found): p_runner is not registered, or no longer.
-- Called by: src/postgres/hot/claims.ts.
--
-- The ids are collected first, so that the limit is exact.

CREATE OR REPLACE FUNCTION claim_next_jobs(
  p_limit  int,
  p_runner uuid,
  p_lease  uuid
)
RETURNS SETOF claimed_job
LANGUAGE plpgsql
SET enable_seqscan = off  -- why these six: submit_jobs.sql and, for the order of the index, take_turns.sql
SET enable_nestloop = off
SET enable_mergejoin = off
SET enable_sort = off
SET enable_bitmapscan = off
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  v_ids uuid[];
  v_all uuid[] := '{}';
BEGIN
  IF EXISTS (SELECT FROM queue_pause) THEN
    RETURN;
  END IF;
  FOR v_priority IN 0..2 LOOP
    v_ids := array(
      SELECT q.job_id
        FROM job_queue q
       WHERE q.priority = v_priority
       ORDER BY q.job_id
       LIMIT p_limit - cardinality(v_all)
         FOR UPDATE SKIP LOCKED
    );
    DELETE FROM job_queue q WHERE q.priority = v_priority AND q.job_id = ANY (v_ids);
    v_all := v_all || v_ids;
    EXIT WHEN cardinality(v_all) >= p_limit;
  END LOOP;
  IF v_all = '{}' THEN
    RETURN;
  END IF;
  RETURN QUERY SELECT * FROM start_jobs(v_all, p_runner, p_lease);
END $$;
