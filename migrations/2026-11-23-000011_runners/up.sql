-- HEARTBEAT of a runner, with what it is to be told. alive false: declared dead, so drop everything and register anew. p_told: cancelled jobs that it has
-- heard of; until then each heartbeat tells them, so that a lost answer loses none.
CREATE FUNCTION heartbeat(p_runner uuid, p_told uuid[]) RETURNS TABLE (alive boolean, queue_paused boolean, cancelled uuid[])
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE runners r SET heartbeat_at = clock_timestamp() WHERE r.id = p_runner;
  alive := FOUND;
  queue_paused := EXISTS (SELECT FROM queue_pause);
  IF p_told <> '{}' THEN
    DELETE FROM cancellations c WHERE c.runner_id = p_runner AND c.job_id = ANY (p_told);
  END IF;
  cancelled := array(SELECT c.job_id FROM cancellations c WHERE c.runner_id = p_runner);
  RETURN NEXT;
END $$;

-- RESCUE: runners without a heartbeat for p_lease lose their row, and the jobs of up to p_leases batches of such runners are pending again, their attempt
-- excused; after p_lost_max lost runners a job has failed (a poison job must not eat the fleet) and its hold is released. Any process may call it.
-- Answers how many jobs were rescued, and whether more leases wait.
-- Locks: leases (SKIP LOCKED), then jobs by id, then wallets by id. A settle under way finishes first; what it settled is no longer running below.
-- A server that has just started has heard from nobody: it must have been up for a lease before silence means death.
CREATE FUNCTION rescue_jobs(p_lease interval, p_lost_max int, p_leases int) RETURNS TABLE (rescued bigint, more boolean)
LANGUAGE plpgsql
SET enable_seqscan = off SET enable_nestloop = off SET enable_mergejoin = off AS $$
DECLARE
  v_leases    uuid[];
  v_runners   uuid[];
  v_jobs      uuid[];
  e_ids       uuid[];
  e_customers uuid[];
  e_holds     bigint[];
BEGIN
  IF pg_postmaster_start_time() < clock_timestamp() - p_lease THEN
    DELETE FROM runners r WHERE r.id = ANY (array(
      SELECT dead.id FROM runners dead WHERE dead.heartbeat_at < clock_timestamp() - p_lease FOR UPDATE SKIP LOCKED));
  END IF;
  -- Nobody is left to hear these.
  DELETE FROM cancellations c WHERE c.runner_id <> ALL (array(SELECT r.id FROM runners r));

  SELECT array_agg(l.id), array_agg(l.runner_id) INTO v_leases, v_runners FROM (
    SELECT l.id, l.runner_id FROM leases l WHERE l.runner_id <> ALL (array(SELECT r.id FROM runners r)) ORDER BY l.id LIMIT p_leases FOR UPDATE SKIP LOCKED) l;
  IF v_leases IS NULL THEN
    RETURN QUERY SELECT 0::bigint, false; RETURN;
  END IF;
  v_jobs := array(SELECT DISTINCT unnest(l.job_ids) FROM leases l WHERE l.id = ANY (v_leases));
  PERFORM FROM jobs j WHERE j.id = ANY (v_jobs) ORDER BY j.id FOR NO KEY UPDATE;

  WITH lost AS (
    UPDATE jobs j SET
      lost_runners = j.lost_runners + 1,
      excused_attempts = j.excused_attempts + 1,
      status = CASE WHEN j.lost_runners + 1 >= p_lost_max THEN 'failed'::job_status ELSE 'pending' END,
      completed_at = CASE WHEN j.lost_runners + 1 >= p_lost_max THEN now() END,
      error = CASE WHEN j.lost_runners + 1 >= p_lost_max THEN c_lost END,
      errors = CASE WHEN jsonb_array_length(j.errors) >= 20 THEN j.errors - 0 ELSE coalesce(j.errors, '[]') END
        || jsonb_build_array(c_lost || jsonb_build_object('attempt', j.attempt, 'runner_id', j.runner_id,
             'at', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')))
      FROM (VALUES ('{"code": "runner_lost", "message": "The runner that worked on it is gone."}'::jsonb)) c (c_lost)
     WHERE j.id = ANY (v_jobs) AND j.status = 'running' AND j.runner_id = ANY (v_runners)
    RETURNING j.id, j.customer_id, j.priority, j.status, j.estimated_cost_cents
  ), queued AS (
    INSERT INTO job_queue (priority, job_id, customer_id) SELECT lost.priority, lost.id, lost.customer_id FROM lost WHERE lost.status = 'pending')
  SELECT count(*), array_agg(lost.id) FILTER (WHERE lost.status = 'failed'), array_agg(lost.customer_id) FILTER (WHERE lost.status = 'failed'),
         array_agg(lost.estimated_cost_cents) FILTER (WHERE lost.status = 'failed')
    INTO rescued, e_ids, e_customers, e_holds FROM lost;
  IF e_ids IS NOT NULL THEN
    PERFORM post_charges(e_ids, e_customers, array_fill(0::bigint, ARRAY[cardinality(e_ids)]), e_holds);
  END IF;
  DELETE FROM leases l WHERE l.id = ANY (v_leases);
  more := cardinality(v_leases) = p_leases;
  RETURN NEXT;
END $$;
