-- Does: deletes the rows of runners without a heartbeat for p_lease, and makes the jobs of such runners
--   pending again, their attempt excused: the jobs of p_leases batches, and of all others of the same
--   runners. A job that has lost p_lost_max runners which ran nothing else fails instead, and its hold is
--   released. Returns how many jobs were rescued, and whether more leases wait.
-- Locks, in order: runners (SKIP LOCKED), leases (SKIP LOCKED), then jobs by id, then wallets by id
--   (post_charges). A settle under way finishes first; what it settled is no longer running below.
-- Returns: rescued, more
-- Raises: nothing of its own.
-- Called by: src/postgres/repositories/runners.ts. Any process may call it.
--
-- A job that has lost two runners waits in job_alone. What ran beside it may have been the fault.
--
-- A server that has just started has heard from nobody: it must have been up for p_lease before silence
-- means that a runner is lost.

CREATE OR REPLACE FUNCTION rescue_jobs(
  p_lease    interval,
  p_lost_max int,
  p_leases   int
)
RETURNS TABLE (
  rescued bigint,
  more    boolean
)
LANGUAGE plpgsql
SET enable_seqscan = off
SET enable_nestloop = off
SET enable_mergejoin = off
AS $$
DECLARE
  v_runners   uuid[];
  v_leases    uuid[];
  v_jobs      uuid[];
  v_alone     uuid[];  -- runners that ran one job
  e_ids       uuid[];
  e_customers uuid[];
  e_holds     bigint[];
BEGIN
  IF pg_postmaster_start_time() < clock_timestamp() - p_lease THEN
    DELETE FROM runners r WHERE r.id = ANY (array(
      SELECT dead.id
        FROM runners dead
       WHERE dead.heartbeat_at < clock_timestamp() - p_lease
         FOR UPDATE SKIP LOCKED
    ));
  END IF;
  -- Nobody is left to hear these.
  DELETE FROM cancellations c WHERE c.runner_id <> ALL (array(SELECT r.id FROM runners r));

  SELECT
    array_agg(x.runner_id) FILTER (WHERE x.leases_before < p_leases),
    coalesce(bool_or(x.leases_before >= p_leases), false)
    INTO v_runners, more
    FROM (
      SELECT
        l.runner_id,
        sum(count(*)) OVER (ORDER BY l.runner_id) - count(*) AS leases_before
        FROM leases l
       WHERE l.runner_id <> ALL (array(SELECT r.id FROM runners r))
       GROUP BY 1
    ) x;
  v_leases := array(
    SELECT l.id
      FROM leases l
     WHERE l.runner_id = ANY (v_runners)
     ORDER BY l.id
       FOR UPDATE SKIP LOCKED
  );
  IF v_leases = '{}' THEN
    RETURN QUERY SELECT 0::bigint, false;
    RETURN;
  END IF;
  v_jobs := array(SELECT DISTINCT unnest(l.job_ids) FROM leases l WHERE l.id = ANY (v_leases));
  PERFORM FROM jobs j WHERE j.id = ANY (v_jobs) ORDER BY j.id FOR NO KEY UPDATE;
  v_alone := array(
    SELECT j.runner_id
      FROM jobs j
     WHERE j.id = ANY (v_jobs) AND j.status = 'running' AND j.runner_id = ANY (v_runners)
     GROUP BY 1
    HAVING count(*) = 1
  );

  WITH lost AS (
    UPDATE jobs j
       SET lost_runners = j.lost_runners + 1,
           lost_alone = l.alone,
           excused_attempts = j.excused_attempts + 1,
           status = CASE WHEN l.alone >= p_lost_max THEN 'failed'::job_status ELSE 'pending' END,
           completed_at = CASE WHEN l.alone >= p_lost_max THEN now() END,
           error = CASE WHEN l.alone >= p_lost_max THEN c_lost END,
           errors = append_error(j.errors, c_lost, j.attempt, j.runner_id)
      FROM (
        SELECT x.id, x.lost_alone + CASE WHEN x.runner_id = ANY (v_alone) THEN 1 ELSE 0 END AS alone
          FROM jobs x
         WHERE x.id = ANY (v_jobs)
      ) l
     CROSS JOIN (VALUES
             ('{"code": "runner_lost", "message": "The runner that worked on it is gone."}'::jsonb)
           ) c (c_lost)
     WHERE j.id = ANY (v_jobs) AND j.id = l.id AND j.status = 'running' AND j.runner_id = ANY (v_runners)
    RETURNING
      j.id,
      j.customer_id,
      j.job_type_id,
      j.priority,
      j.status,
      j.lost_runners,
      j.estimated_cost_cents
  ), queued AS (
    INSERT INTO job_queue (priority, job_id, customer_id, job_type_id)
    SELECT lost.priority, lost.id, lost.customer_id, lost.job_type_id
      FROM lost
     WHERE lost.status = 'pending' AND lost.lost_runners < 2
  ), set_apart AS (
    INSERT INTO job_alone (priority, job_id, customer_id, job_type_id, lost_runners)
    SELECT lost.priority, lost.id, lost.customer_id, lost.job_type_id, lost.lost_runners
      FROM lost
     WHERE lost.status = 'pending' AND lost.lost_runners >= 2
  )
  SELECT
    count(*),
    array_agg(lost.id) FILTER (WHERE lost.status = 'failed'),
    array_agg(lost.customer_id) FILTER (WHERE lost.status = 'failed'),
    array_agg(lost.estimated_cost_cents) FILTER (WHERE lost.status = 'failed')
    INTO rescued, e_ids, e_customers, e_holds
    FROM lost;
  IF e_ids IS NOT NULL THEN
    PERFORM post_charges(
      e_ids,
      e_customers,
      array_fill(0::bigint, ARRAY[cardinality(e_ids)]),
      e_holds
    );
  END IF;
  DELETE FROM leases l WHERE l.id = ANY (v_leases);
  RETURN NEXT;
END $$;
