-- Does: claims up to p_limit jobs of the backlog for a runner, by priority, fair across customers within
--   each. Only what is not in the ready lists: the rest is popped there.
-- Locks, in order: as take_turns, a priority at a time, then as start_jobs.
-- Returns: id, customer_id, job_type_id, priority, input_data, estimated_cost_cents, attempt, max_attempts,
--   excused_attempts, lost_runners
-- Raises: runner_registered (no_data_found): p_runner is not registered, or no longer.
-- Called by: src/postgres/hot/claims.ts.
--
-- p_after[priority + 1]: the customer after whom the turns go on.
-- Such jobs need not be stamped, pushed and popped first (measured: 14 µs a job of PostgreSQL's time, more
-- than the claim itself). Runners that drain one backlog stay out of each other's way: a claim begins with
-- customers that no other claim takes from at that moment, and with few of them, so that the settles that
-- follow meet at fewer wallets (measured, 200,000 jobs of 100 customers on 2 cores: 43,800 -> 57,300 jobs a
-- second with one runner, 34,700 -> 46,200 with four).

CREATE OR REPLACE FUNCTION claim_backlog(
  p_limit  int,
  p_runner uuid,
  p_lease  uuid,
  p_after  uuid[]
)
RETURNS SETOF claimed_job
LANGUAGE plpgsql
SET enable_seqscan = off  -- why these four: submit_jobs.sql
SET enable_nestloop = off
SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  -- How many customers of each priority a claim keeps to itself (measured: 8 and 32 are slower). It takes
  -- as many advisory locks, and the server's table of locks is small.
  c_apart constant int := 16;
  v_ids   uuid[];
  v_all   uuid[];
BEGIN
  IF EXISTS (SELECT FROM queue_pause) THEN
    RETURN;
  END IF;
  -- Again while all that was taken is of paused types and was parked. Bounded, so that a claim stays short.
  FOR v_round IN 1..10 LOOP
    v_all := '{}';
    FOR v_priority IN 0..2 LOOP
      v_ids := (
        take_turns(
          v_priority::smallint,
          p_limit - cardinality(v_all),
          p_after[v_priority + 1],
          c_apart
        )
      ).job_ids;
      DELETE FROM job_queue q WHERE q.priority = v_priority AND q.job_id = ANY (v_ids);
      v_all := v_all || v_ids;
      EXIT WHEN cardinality(v_all) >= p_limit;
    END LOOP;
    IF v_all = '{}' THEN
      RETURN;
    END IF;
    RETURN QUERY SELECT * FROM start_jobs(v_all, p_runner, p_lease);
    IF FOUND THEN
      RETURN;
    END IF;
  END LOOP;
END $$;
