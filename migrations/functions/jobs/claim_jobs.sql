-- Does: claims jobs by the ids that were popped from the ready queue, whichever list they came from. The
--   ids are hints: unknown, taken or locked ones are left out, and so are jobs that the runner does not serve
--   or that have a limit. Those wait in the backlog, and the bell tells other runners.
-- Locks, in order: as take_jobs, then as start_jobs.
-- Returns: id, customer_id, job_type_id, priority, input_data, estimated_cost_cents, attempt, max_attempts,
--   excused_attempts, lost_runners
-- Raises: runner_registered (no_data_found): p_runner is not registered, or no longer.
-- Called by: src/postgres/hot/claims.ts.

CREATE OR REPLACE FUNCTION claim_jobs(
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
  v_ids  uuid[];
  v_left uuid[];
BEGIN
  IF EXISTS (SELECT FROM queue_pause) THEN
    RETURN;
  END IF;
  v_ids := take_jobs(p_ids, p_runner);
  IF cardinality(v_ids) < cardinality(p_ids) THEN
    v_left := array(
      SELECT q.job_id
        FROM job_queue q
       WHERE q.priority = ANY ('{0,1,2}'::smallint[]) AND q.job_id = ANY (p_ids)
         FOR UPDATE SKIP LOCKED
    );
    IF v_left <> '{}' THEN
      UPDATE job_queue q
         SET enqueued_at = NULL
       WHERE q.priority = ANY ('{0,1,2}'::smallint[]) AND q.job_id = ANY (v_left);
      -- In this transaction, because it is rare: NOTIFY takes a lock that all commits share.
      PERFORM pg_notify('iep_jobs', '');
    END IF;
  END IF;
  IF v_ids <> '{}' THEN
    RETURN QUERY SELECT * FROM start_jobs(v_ids, p_runner, p_lease);
  END IF;
END $$;
