-- Does: claims up to p_limit jobs that a runner serves: by priority, and within one in turns of customers. A
--   runner that runs nothing (p_idle) gets jobs of job_alone first, and then nothing else.
-- Locks, in order: as start_job; or as take_alone, take_jobs or pick_turns, then as start_jobs.
-- Returns: id, customer_id, job_type_id, priority, input_data, estimated_cost_cents, attempt, max_attempts,
--   excused_attempts, lost_runners, waited_at?, weight?
-- Raises: runner_registered (no_data_found): p_runner is not registered, or no longer.
-- Called by: src/postgres/hot/claims.ts.
--
-- waited_at, weight: the priority at which the job waited, which ageing or a list may have raised, and the
-- weight of its customer. Null where nothing was chosen: where no more jobs wait than the runner has slots,
-- and nobody has a limit, it takes them all, and so it does with a job that waits alone. p_many: more are
-- known to wait (the claim before was full), so that needs no look.
-- p_listed, p_lists: ids that came out of the ready lists, and the priority of the list of each. A job whose
-- id somebody pushed to a higher list than its own waits at that priority from now on.
-- p_after, p_customers, p_running, p_ahead: see pick_turns.

CREATE OR REPLACE FUNCTION claim_next(
  p_limit     int,
  p_runner    uuid,
  p_lease     uuid,
  p_idle      boolean,
  p_many      boolean,
  p_after     uuid[],
  p_customers uuid[],
  p_running   int[],
  p_ahead     float8[],
  p_listed    uuid[],
  p_lists     smallint[]
)
RETURNS TABLE (
  id                   uuid,
  customer_id          uuid,
  job_type_id          uuid,
  priority             smallint,
  input_data           jsonb,
  estimated_cost_cents bigint,
  attempt              integer,
  max_attempts         smallint,
  excused_attempts     smallint,
  lost_runners         smallint,
  waited_at            smallint,
  weight               smallint
)
LANGUAGE plpgsql
SET enable_seqscan = off  -- why these four: submit_jobs.sql
SET enable_bitmapscan = off
SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
  -- How many customers of each priority a claim keeps to itself (measured: 8 and 32 are slower). It takes
  -- as many advisory locks, and the server's table of locks is small.
  c_apart constant int := 16;
  v_ids   uuid[];
  v_turns record;
  v_look  record;
BEGIN
  SELECT EXISTS (SELECT FROM queue_pause) AS paused,
         p_idle AND EXISTS (SELECT FROM job_alone) AS alone,
         CASE WHEN NOT p_many THEN array(SELECT q.job_id FROM job_queue q LIMIT p_limit + 1) END AS waiting
    INTO v_look;
  IF v_look.paused THEN
    RETURN;
  END IF;
  IF v_look.alone THEN
    v_ids := take_alone(p_limit, p_runner);
    IF v_ids <> '{}' THEN
      RETURN QUERY SELECT s.*, NULL::smallint, NULL::smallint FROM start_jobs(v_ids, p_runner, p_lease) s;
      IF FOUND THEN
        RETURN;
      END IF;
    END IF;
  END IF;

  FOR v_list IN 0..1 LOOP
    EXIT WHEN p_listed = '{}';
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

  IF NOT p_many THEN
    v_ids := v_look.waiting;
    IF v_ids = '{}' THEN
      RETURN;
    END IF;
    IF cardinality(v_ids) = 1 THEN
      RETURN QUERY SELECT s.*, NULL::smallint, NULL::smallint FROM start_job(v_ids[1], p_runner, p_lease) s;
      IF FOUND THEN
        RETURN;
      END IF;
    END IF;
    IF cardinality(v_ids) <= p_limit
      AND NOT EXISTS (SELECT FROM customers c WHERE c.running_limit IS NOT NULL)
      AND NOT EXISTS (SELECT FROM job_types t WHERE t.running_limit IS NOT NULL)
    THEN
      v_ids := take_jobs(v_ids, p_runner);
      IF v_ids <> '{}' THEN
        RETURN QUERY SELECT s.*, NULL::smallint, NULL::smallint FROM start_jobs(v_ids, p_runner, p_lease) s;
      END IF;
      RETURN;
    END IF;
  END IF;
  -- Again while all that was taken is of paused types and was parked. Bounded, so that a claim stays short.
  FOR v_round IN 1..10 LOOP
    SELECT * INTO v_turns
      FROM pick_turns(
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
        p_ahead
      );
    IF v_turns.ids = '{}' THEN
      RETURN;
    END IF;
    -- By the place of the row, which our lock keeps where it is: a third of what probes by id cost.
    DELETE FROM job_queue q WHERE q.ctid = ANY (v_turns.places);
    RETURN QUERY
    SELECT s.*, t.waited_at, t.weight
      FROM start_jobs(v_turns.ids, p_runner, p_lease) s
      JOIN unnest(v_turns.ids, v_turns.priorities, v_turns.weights) t (id, waited_at, weight) ON t.id = s.id;
    IF FOUND THEN
      RETURN;
    END IF;
  END LOOP;
END $$;
