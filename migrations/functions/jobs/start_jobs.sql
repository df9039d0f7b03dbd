-- Does: starts jobs whose rows in job_queue the caller has locked and deleted: pending becomes running,
--   with a new attempt and a lease. Jobs of a paused type are parked instead.
-- Locks, in order: the runner (FOR KEY SHARE), then the jobs.
-- Returns: id, customer_id, job_type_id, priority, input_data, estimated_cost_cents, attempt, max_attempts,
--   excused_attempts, lost_runners
-- Raises: runner_registered (no_data_found): p_runner is not registered, or no longer.
-- Called by: claim_jobs, claim_next.
--
-- Only a registered runner claims. The share lock orders this against a rescue that is about to delete the
-- runner's row. The test of the status is a second guard against two claims of one job: the first is the row
-- of job_queue.

CREATE OR REPLACE FUNCTION start_jobs(
  p_ids    uuid[],
  p_runner uuid,
  p_lease  uuid
)
RETURNS SETOF claimed_job
LANGUAGE plpgsql
SET enable_seqscan = off  -- why these four: submit_jobs.sql
SET enable_nestloop = off
SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  v_paused uuid[] := array(SELECT t.id FROM job_types t WHERE t.paused_at IS NOT NULL);
BEGIN
  PERFORM FROM runners r WHERE r.id = p_runner FOR KEY SHARE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'runner % is not registered', p_runner
      USING ERRCODE = 'no_data_found', CONSTRAINT = 'runner_registered';
  END IF;
  IF v_paused <> '{}' THEN
    INSERT INTO job_parked (job_id, priority, customer_id, job_type_id)
    SELECT j.id, j.priority, j.customer_id, j.job_type_id
      FROM jobs j
     WHERE j.id = ANY (p_ids) AND j.status = 'pending' AND j.job_type_id = ANY (v_paused);
  END IF;
  INSERT INTO leases (id, runner_id, job_ids) VALUES (p_lease, p_runner, p_ids);
  RETURN QUERY
  UPDATE jobs j
     SET status = 'running',
         started_at = now(),
         attempt = j.attempt + 1,
         runner_id = p_runner
   WHERE j.id = ANY (p_ids)
     AND j.status = 'pending'
     AND (v_paused = '{}' OR j.job_type_id <> ALL (v_paused))
  RETURNING
    j.id,
    j.customer_id,
    j.job_type_id,
    j.priority,
    j.input_data,
    j.estimated_cost_cents,
    j.attempt,
    j.max_attempts,
    j.excused_attempts,
    j.lost_runners;
  IF NOT FOUND THEN
    DELETE FROM leases l WHERE l.id = p_lease;
  END IF;
END $$;
