-- CLAIM: pending -> running. The job_queue row is the gate: who deletes it has the job; the status test is the second lock on the door.
-- Locks: job_queue (SKIP LOCKED, so nobody waits and nobody deadlocks), then those jobs.

-- Second half of both claims: the queue rows of p_ids are locked and deleted by the caller. Only a registered runner claims: the share lock
-- orders it against a rescue that is about to take its row. Jobs of a paused type are parked instead.
CREATE FUNCTION start_jobs(p_ids uuid[], p_runner uuid, p_lease uuid)
RETURNS TABLE (id uuid, customer_id uuid, job_type_id uuid, priority smallint, input_data jsonb, estimated_cost_cents bigint, attempt int, max_attempts smallint, excused_attempts smallint)
LANGUAGE plpgsql
SET enable_seqscan = off SET enable_nestloop = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
DECLARE
  v_paused uuid[] := array(SELECT t.id FROM job_types t WHERE t.paused_at IS NOT NULL);
BEGIN
  PERFORM FROM runners r WHERE r.id = p_runner FOR KEY SHARE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'runner % is not registered', p_runner USING ERRCODE = 'no_data_found', CONSTRAINT = 'runner_registered';
  END IF;
  IF v_paused <> '{}' THEN
    INSERT INTO job_parked (job_id, priority, customer_id, job_type_id)
    SELECT j.id, j.priority, j.customer_id, j.job_type_id FROM jobs j WHERE j.id = ANY (p_ids) AND j.status = 'pending' AND j.job_type_id = ANY (v_paused);
  END IF;
  INSERT INTO leases (id, runner_id, job_ids) VALUES (p_lease, p_runner, p_ids);
  RETURN QUERY
  UPDATE jobs j SET status = 'running', started_at = now(), attempt = j.attempt + 1, runner_id = p_runner
   WHERE j.id = ANY (p_ids) AND j.status = 'pending' AND (v_paused = '{}' OR j.job_type_id <> ALL (v_paused))
  RETURNING j.id, j.customer_id, j.job_type_id, j.priority, j.input_data, j.estimated_cost_cents, j.attempt, j.max_attempts, j.excused_attempts;
  IF NOT FOUND THEN
    DELETE FROM leases l WHERE l.id = p_lease;
  END IF;
END $$;

-- By ids popped from the ready queue, whichever list they came from. Unknown, taken or locked ids drop out silently: they are hints.
CREATE FUNCTION claim_jobs(p_ids uuid[], p_runner uuid, p_lease uuid)
RETURNS TABLE (id uuid, customer_id uuid, job_type_id uuid, priority smallint, input_data jsonb, estimated_cost_cents bigint, attempt int, max_attempts smallint, excused_attempts smallint)
LANGUAGE plpgsql
SET enable_seqscan = off SET enable_nestloop = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
DECLARE
  v_ids uuid[];
BEGIN
  IF EXISTS (SELECT FROM queue_pause) THEN RETURN; END IF;
  v_ids := array(SELECT q.job_id FROM job_queue q WHERE q.priority = ANY ('{0,1,2}'::smallint[]) AND q.job_id = ANY (p_ids) ORDER BY q.job_id FOR UPDATE SKIP LOCKED);
  IF v_ids = '{}' THEN RETURN; END IF;
  DELETE FROM job_queue q WHERE q.priority = ANY ('{0,1,2}'::smallint[]) AND q.job_id = ANY (v_ids);
  RETURN QUERY SELECT * FROM start_jobs(v_ids, p_runner, p_lease);
END $$;

-- Without a ready queue: by priority, then age (UUIDv7). Index order and SKIP LOCKED; ids are collected first, so the limit is exact.
CREATE FUNCTION claim_next_jobs(p_limit int, p_runner uuid, p_lease uuid)
RETURNS TABLE (id uuid, customer_id uuid, job_type_id uuid, priority smallint, input_data jsonb, estimated_cost_cents bigint, attempt int, max_attempts smallint, excused_attempts smallint)
LANGUAGE plpgsql
SET enable_seqscan = off SET enable_nestloop = off SET enable_mergejoin = off SET enable_sort = off SET enable_bitmapscan = off AS $$
#variable_conflict use_column
DECLARE
  v_ids uuid[];
  v_all uuid[] := '{}';
BEGIN
  IF EXISTS (SELECT FROM queue_pause) THEN RETURN; END IF;
  FOR v_priority IN 0..2 LOOP
    v_ids := array(SELECT q.job_id FROM job_queue q WHERE q.priority = v_priority ORDER BY q.job_id LIMIT p_limit - cardinality(v_all) FOR UPDATE SKIP LOCKED);
    DELETE FROM job_queue q WHERE q.priority = v_priority AND q.job_id = ANY (v_ids);
    v_all := v_all || v_ids;
    EXIT WHEN cardinality(v_all) >= p_limit;
  END LOOP;
  IF v_all = '{}' THEN RETURN; END IF;
  RETURN QUERY SELECT * FROM start_jobs(v_all, p_runner, p_lease);
END $$;
