-- Does: deletes the rows of runners without a heartbeat for p_lease, and makes the jobs of up to p_leases
--   batches of such runners pending again, their attempt excused. A job that has lost p_lost_max runners
--   fails instead, and its hold is released. Returns how many jobs were rescued, and whether more leases
--   wait.
-- Locks, in order: runners (SKIP LOCKED), leases (SKIP LOCKED), then jobs by id, then wallets by id
--   (post_charges). A settle under way finishes first; what it settled is no longer running below.
-- Returns: rescued, more
-- Raises: nothing of its own.
-- Called by: src/postgres/repositories/runners.ts. Any process may call it.
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
  v_leases    uuid[];
  v_runners   uuid[];
  v_jobs      uuid[];
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

  SELECT array_agg(l.id), array_agg(l.runner_id)
    INTO v_leases, v_runners
    FROM (
      SELECT l.id, l.runner_id
        FROM leases l
       WHERE l.runner_id <> ALL (array(SELECT r.id FROM runners r))
       ORDER BY l.id
       LIMIT p_leases
         FOR UPDATE SKIP LOCKED
    ) l;
  IF v_leases IS NULL THEN
    RETURN QUERY SELECT 0::bigint, false;
    RETURN;
  END IF;
  v_jobs := array(SELECT DISTINCT unnest(l.job_ids) FROM leases l WHERE l.id = ANY (v_leases));
  PERFORM FROM jobs j WHERE j.id = ANY (v_jobs) ORDER BY j.id FOR NO KEY UPDATE;

  WITH lost AS (
    UPDATE jobs j
       SET lost_runners = j.lost_runners + 1,
           excused_attempts = j.excused_attempts + 1,
           status = CASE
             WHEN j.lost_runners + 1 >= p_lost_max THEN 'failed'::job_status
             ELSE 'pending'
           END,
           completed_at = CASE WHEN j.lost_runners + 1 >= p_lost_max THEN now() END,
           error = CASE WHEN j.lost_runners + 1 >= p_lost_max THEN c_lost END,
           errors = append_error(j.errors, c_lost, j.attempt, j.runner_id)
      FROM (VALUES
             ('{"code": "runner_lost", "message": "The runner that worked on it is gone."}'::jsonb)
           ) c (c_lost)
     WHERE j.id = ANY (v_jobs) AND j.status = 'running' AND j.runner_id = ANY (v_runners)
    RETURNING j.id, j.customer_id, j.priority, j.status, j.estimated_cost_cents
  ), queued AS (
    INSERT INTO job_queue (priority, job_id, customer_id)
    SELECT lost.priority, lost.id, lost.customer_id FROM lost WHERE lost.status = 'pending'
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
  more := cardinality(v_leases) = p_leases;
  RETURN NEXT;
END $$;
