-- Does: cancels those of a batch of jobs that are pending or running, or only those that are pending, as
--   cancel_job does one. Returns them, with the hold of each, which is given back.
-- Locks, in order: the jobs' places in job_queue, job_schedule, job_parked and job_alone, each by id, then
--   the jobs by id, then wallets by id (post_charges).
-- Returns: job_id, customer_id, released_cents
-- Raises: serialization_failure: one was moved from one place to another meanwhile, and was found in none.
--   The caller starts again.
-- Called by: advance_bulk_cancel.

CREATE OR REPLACE FUNCTION cancel_jobs(p_ids uuid[], p_only_waiting boolean)
RETURNS TABLE (
  job_id         uuid,
  customer_id    uuid,
  released_cents bigint
)
LANGUAGE plpgsql
SET enable_seqscan = off  -- why these four: submit_jobs.sql
SET enable_nestloop = off
SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
  v_waiting   uuid[];  -- their places are deleted
  v_open      uuid[];
  v_customers uuid[];
  v_holds     bigint[];
BEGIN
  PERFORM
     FROM job_queue q
    WHERE q.priority = ANY ('{0,1,2}'::smallint[]) AND q.job_id = ANY (p_ids)
    ORDER BY q.job_id
      FOR UPDATE;
  PERFORM FROM job_schedule s WHERE s.job_id = ANY (p_ids) ORDER BY s.job_id FOR UPDATE;
  PERFORM FROM job_parked k WHERE k.job_id = ANY (p_ids) ORDER BY k.job_id FOR UPDATE;
  PERFORM FROM job_alone a WHERE a.job_id = ANY (p_ids) ORDER BY a.job_id FOR UPDATE;
  WITH queued AS (
    DELETE FROM job_queue q
     WHERE q.priority = ANY ('{0,1,2}'::smallint[]) AND q.job_id = ANY (p_ids)
    RETURNING q.job_id
  ), scheduled AS (
    DELETE FROM job_schedule s WHERE s.job_id = ANY (p_ids) RETURNING s.job_id
  ), parked AS (
    DELETE FROM job_parked k WHERE k.job_id = ANY (p_ids) RETURNING k.job_id
  ), alone AS (
    DELETE FROM job_alone a WHERE a.job_id = ANY (p_ids) RETURNING a.job_id
  )
  SELECT array_agg(p.job_id)
    INTO v_waiting
    FROM (
      SELECT job_id FROM queued
      UNION ALL
      SELECT job_id FROM scheduled
      UNION ALL
      SELECT job_id FROM parked
      UNION ALL
      SELECT job_id FROM alone
    ) p;

  PERFORM FROM jobs j WHERE j.id = ANY (p_ids) ORDER BY j.id FOR NO KEY UPDATE;
  IF coalesce(cardinality(v_waiting), 0) <> (
    SELECT count(*) FROM jobs j WHERE j.id = ANY (p_ids) AND j.status = 'pending'
  ) THEN
    RAISE EXCEPTION 'a job was moved while it was cancelled' USING ERRCODE = 'serialization_failure';
  END IF;

  IF p_only_waiting THEN
    p_ids := coalesce(v_waiting, '{}');
  END IF;
  INSERT INTO cancellations (runner_id, job_id)
  SELECT r.id, j.id
    FROM jobs j
    JOIN runners r ON r.id = j.runner_id
   WHERE j.id = ANY (p_ids) AND j.status = 'running'
  ON CONFLICT DO NOTHING;
  WITH ended AS (
    UPDATE jobs j
       SET status = 'cancelled', completed_at = now()
     WHERE j.id = ANY (p_ids) AND j.status IN ('pending', 'running')
    RETURNING j.id, j.customer_id, j.estimated_cost_cents
  )
  SELECT array_agg(e.id), array_agg(e.customer_id), array_agg(e.estimated_cost_cents)
    INTO v_open, v_customers, v_holds
    FROM ended e;
  IF v_open IS NULL THEN
    RETURN;
  END IF;
  PERFORM post_charges(v_open, v_customers, array_fill(0::bigint, ARRAY[cardinality(v_open)]), v_holds);
  RETURN QUERY SELECT * FROM unnest(v_open, v_customers, v_holds);
END $$;
