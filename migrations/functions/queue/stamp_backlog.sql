-- Does: stamps up to p_limit jobs of the backlog as pushed, for the caller to push to the ready list in
--   the order returned. As many customers get a turn as there are jobs to push.
-- Locks, in order: as pick_turns without its advisory locks.
-- Returns: job_id, next_cursor
-- Raises: nothing.
-- Called by: src/postgres/repositories/waiting-jobs.ts.
--
-- The rows are deleted and inserted again rather than updated. A reader with an older snapshot would lock
-- an updated row (SKIP LOCKED checks it again only afterwards), and a concurrent claim of the id just
-- pushed would skip it (measured: the last jobs of a backlog, 2 s late). So refills and claims of the
-- backlog need not wait for one another.
--
-- The commit does not wait for the disk. A stamp that a crash of the server forgets costs nothing: the job
-- waits in job_queue as before, and is pushed once more.

CREATE OR REPLACE FUNCTION stamp_backlog(
  p_priority smallint,
  p_limit    int,
  p_after    uuid
)
RETURNS TABLE (
  job_id      uuid,
  next_cursor uuid
)
LANGUAGE plpgsql
SET enable_seqscan = off  -- why these four: submit_jobs.sql
SET enable_nestloop = off
SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
  v_ids       uuid[];
  v_places    tid[];
  v_customers uuid[];
  v_first     uuid;
BEGIN
  PERFORM set_config('synchronous_commit', 'off', true);
  SELECT t.ids, t.places INTO v_ids, v_places
    FROM pick_turns(ARRAY[p_priority], p_limit, NULL, array_fill(p_after, ARRAY[3]), 0, '{}', '{}', '{}') t;
  SELECT q.customer_id INTO v_first FROM job_queue q WHERE q.priority = p_priority AND q.job_id = v_ids[1];
  WITH backlog AS (
    DELETE FROM job_queue q
     WHERE q.ctid = ANY (v_places)
    RETURNING q.job_id, q.customer_id, q.job_type_id, q.waits_since
  ), stamped AS (
    INSERT INTO job_queue (priority, job_id, customer_id, job_type_id, enqueued_at, waits_since)
    SELECT p_priority, b.job_id, b.customer_id, b.job_type_id, clock_timestamp(), b.waits_since
      FROM backlog b
  )
  SELECT array_agg(DISTINCT b.customer_id ORDER BY b.customer_id DESC) INTO v_customers FROM backlog b;
  -- Where each had one job, the ring goes on after the last of them: the highest one before the cursor, if
  -- the ring came so far; otherwise the highest one. Where there were shares, some may have been rounded down
  -- to nothing, so it goes on after the first.
  next_cursor := CASE
    WHEN cardinality(v_customers) < cardinality(v_ids) THEN v_first
    ELSE coalesce(
      (SELECT c.id FROM unnest(v_customers) c (id) WHERE c.id <= p_after ORDER BY c.id DESC LIMIT 1),
      v_customers[1]
    )
  END;
  RETURN QUERY SELECT t.id, next_cursor FROM unnest(v_ids) t (id);
END $$;
