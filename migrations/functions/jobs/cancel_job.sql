-- Does: cancels a job, pending or running: it ends now, costs nothing, and its hold is released. With
--   p_owner null, it may be anybody's job.
-- Locks, in order: the job's place in job_queue, job_schedule, job_parked or job_alone, then the job, then
--   the wallet. A claim has the same order, so waiting here causes no deadlock.
-- Returns: text
-- Raises: serialization_failure: somebody moved the job from one place to another meanwhile, and it was
--   found in none. The caller starts again.
-- Called by: src/postgres/repositories/jobs.ts.
--
-- Returns cancelled | already_ended | unknown. The runner of a running job learns of it by its next
-- heartbeat; whatever it still settles is refused by the fence.

CREATE OR REPLACE FUNCTION cancel_job(p_id uuid, p_owner uuid)
RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
  v_job    jobs;
  v_places int := 0;
  n        int;
BEGIN
  PERFORM FROM jobs j WHERE j.id = p_id AND (p_owner IS NULL OR j.customer_id = p_owner);
  IF NOT FOUND THEN
    RETURN 'unknown';
  END IF;

  DELETE FROM job_queue q WHERE q.priority = ANY ('{0,1,2}'::smallint[]) AND q.job_id = p_id;
  GET DIAGNOSTICS n = ROW_COUNT;
  v_places := v_places + n;
  DELETE FROM job_schedule s WHERE s.job_id = p_id;
  GET DIAGNOSTICS n = ROW_COUNT;
  v_places := v_places + n;
  DELETE FROM job_parked k WHERE k.job_id = p_id;
  GET DIAGNOSTICS n = ROW_COUNT;
  v_places := v_places + n;
  DELETE FROM job_alone a WHERE a.job_id = p_id;
  GET DIAGNOSTICS n = ROW_COUNT;
  v_places := v_places + n;

  SELECT * INTO v_job FROM jobs j WHERE j.id = p_id FOR NO KEY UPDATE;
  IF v_job.status NOT IN ('pending', 'running') THEN
    RETURN 'already_ended';
  END IF;
  IF (v_job.status = 'pending') <> (v_places = 1) THEN
    RAISE EXCEPTION 'job % was moved while it was cancelled', p_id
      USING ERRCODE = 'serialization_failure';
  END IF;

  UPDATE jobs j SET status = 'cancelled', completed_at = now() WHERE j.id = p_id;
  IF v_job.status = 'running' THEN
    INSERT INTO cancellations (runner_id, job_id)
    SELECT r.id, p_id FROM runners r WHERE r.id = v_job.runner_id
    ON CONFLICT DO NOTHING;
  END IF;
  PERFORM post_charges(
    ARRAY[p_id],
    ARRAY[v_job.customer_id],
    ARRAY[0::bigint],
    ARRAY[v_job.estimated_cost_cents]
  );
  RETURN 'cancelled';
END $$;
