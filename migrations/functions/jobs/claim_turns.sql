-- Does: claims up to p_limit jobs that a runner serves: by priority, and within one in turns of customers. A
--   runner that runs nothing (p_idle) gets jobs of job_alone first, and then nothing else.
-- Locks, in order: as take_alone, take_jobs or choose_turns; then as start_jobs.
-- Returns: id, customer_id, job_type_id, priority, input_data, estimated_cost_cents, attempt, max_attempts,
--   excused_attempts, lost_runners
-- Raises: runner_registered (no_data_found): p_runner is not registered, or no longer.
-- Called by: src/postgres/hot/claims.ts.
--
-- p_listed, p_lists: ids that came out of the ready lists, and the priority of the list of each. A job whose
-- id somebody pushed to a higher list than its own waits at that priority from now on.
-- p_after, p_customers, p_running, p_started: see choose_turns. Where no more jobs wait than the runner has
-- slots, and nobody has a limit, there is nothing to choose: it takes them all.

CREATE OR REPLACE FUNCTION claim_turns(
  p_limit     int,
  p_runner    uuid,
  p_lease     uuid,
  p_idle      boolean,
  p_after     uuid[],
  p_customers uuid[],
  p_running   int[],
  p_started   float8[],
  p_listed    uuid[],
  p_lists     smallint[]
)
RETURNS SETOF claimed_job
LANGUAGE plpgsql
SET enable_seqscan = off  -- why these four: submit_jobs.sql
SET enable_bitmapscan = off
SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  -- How many customers of each priority a claim keeps to itself (measured: 8 and 32 are slower). It takes
  -- as many advisory locks, and the server's table of locks is small.
  c_apart constant int := 16;
  v_ids   uuid[];
BEGIN
  IF EXISTS (SELECT FROM queue_pause) THEN
    RETURN;
  END IF;
  IF p_idle AND EXISTS (SELECT FROM job_alone) THEN
    v_ids := take_alone(p_limit, p_runner);
    IF v_ids <> '{}' THEN
      RETURN QUERY SELECT * FROM start_jobs(v_ids, p_runner, p_lease);
      IF FOUND THEN
        RETURN;
      END IF;
    END IF;
  END IF;

  FOR v_list IN 0..1 LOOP
    -- Else a probe for each id would be for nothing.
    CONTINUE WHEN NOT EXISTS (
      SELECT FROM job_queue q WHERE q.priority = ANY ('{1,2}'::smallint[]) AND q.priority > v_list
    );
    v_ids := array(
      SELECT x.id FROM unnest(p_listed, p_lists) x (id, list) WHERE x.list = v_list
    );
    IF v_ids <> '{}' THEN
      UPDATE job_queue q
         SET priority = v_list
       WHERE q.priority = ANY ('{1,2}'::smallint[])
         AND q.priority > v_list
         AND q.job_id = ANY (
               array(
                 SELECT w.job_id
                   FROM job_queue w
                  WHERE w.priority = ANY ('{1,2}'::smallint[])
                    AND w.priority > v_list
                    AND w.job_id = ANY (v_ids)
                    FOR UPDATE SKIP LOCKED
               )
             );
    END IF;
  END LOOP;

  v_ids := array(SELECT q.job_id FROM job_queue q LIMIT p_limit + 1);
  IF v_ids = '{}' THEN
    RETURN;
  END IF;
  IF cardinality(v_ids) <= p_limit
    AND NOT EXISTS (SELECT FROM customers c WHERE c.running_limit IS NOT NULL)
    AND NOT EXISTS (SELECT FROM job_types t WHERE t.running_limit IS NOT NULL)
  THEN
    v_ids := take_jobs(v_ids, p_runner);
    IF v_ids <> '{}' THEN
      RETURN QUERY SELECT * FROM start_jobs(v_ids, p_runner, p_lease);
    END IF;
    RETURN;
  END IF;
  -- Again while all that was taken is of paused types and was parked. Bounded, so that a claim stays short.
  FOR v_round IN 1..10 LOOP
    v_ids := choose_turns(
      (
        SELECT array_agg(p ORDER BY p)
          FROM unnest(coalesce((SELECT r.priorities FROM runners r WHERE r.id = p_runner), '{0,1,2}')) p
      ),
      p_limit,
      p_runner,
      p_after,
      c_apart,
      p_customers,
      p_running,
      p_started
    );
    IF v_ids = '{}' THEN
      RETURN;
    END IF;
    DELETE FROM job_queue q WHERE q.priority = ANY ('{0,1,2}'::smallint[]) AND q.job_id = ANY (v_ids);
    RETURN QUERY SELECT * FROM start_jobs(v_ids, p_runner, p_lease);
    IF FOUND THEN
      RETURN;
    END IF;
  END LOOP;
END $$;
